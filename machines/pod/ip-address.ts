/** Whether a text is an IP address. Node's own check lives in a module that machines may not import. */

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const V4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const V6_GROUP = /^[0-9a-fA-F]{1,4}$/;
const V6_GROUPS = 8;

export function isIP(text: string): boolean {
  return V4.test(text) || isIPv6(text);
}

function isIPv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => V6_GROUP.test(group))) return false;
  return halves.length === 2 ? groups.length < V6_GROUPS : groups.length === V6_GROUPS;
}
