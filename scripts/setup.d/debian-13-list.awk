# Turns the one-line entries of this Debian release (`deb [options] URI suite components`) into entries for Debian 13.
# Needs -v codename=.
$1 == "deb" {
  at = 2
  options = ""
  if ($2 ~ /^\[/) {
    while (at <= NF) {
      options = options $at " "
      if ($(at++) ~ /\]$/) break
    }
  }
  if ($(at + 1) != codename) next
  for (i = at + 2; i <= NF; i++) if ($i == "main") { print "deb " options $at " trixie main"; next }
}
