# Turns the enabled deb822 stanzas of this Debian release (main, not -updates, not -security) into stanzas for Debian 13.
# Needs -v codename=. Every other field, Signed-By with its key block included, is kept as it stands.
BEGIN { RS = ""; FS = "\n" }

{
  kept = "Types: deb\nSuites: trixie\nComponents: main\n"
  suites = components = types = ""
  enabled = 1
  field = ""
  for (i = 1; i <= NF; i++) {
    if ($i ~ /^#/) continue
    value = $i
    if ($i !~ /^[ \t]/) {
      field = tolower(substr($i, 1, index($i, ":") - 1))
      value = substr($i, index($i, ":") + 1)
    }
    if (field == "suites") suites = suites " " value
    else if (field == "components") components = components " " value
    else if (field == "types") types = types " " value
    else if (field == "enabled") enabled = value !~ /no|false|0/
    else kept = kept $i "\n"
  }
  if (enabled && has(types, "deb") && has(suites, codename) && has(components, "main")) print kept
}

function has(list, word) {
  gsub(/[ \t]+/, " ", list)
  return index(" " list " ", " " word " ") > 0
}
