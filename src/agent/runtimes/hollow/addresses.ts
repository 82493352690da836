/** Hands hollow pods an IP each; nothing listens there, but everything that shows or compares pod IPs has one. */

const NODE_BITS = 12;
const POD_BITS = 12;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Addresses in 10.0.0.0/8: the node's name picks a block of 4,096, a counter the address in it. */
export function createAddresses(node: string): { next(): string } {
  let hash = FNV_OFFSET;
  for (const character of node) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), FNV_PRIME) >>> 0;
  const block = (hash % (1 << NODE_BITS)) << POD_BITS;
  let count = 0;
  return {
    next() {
      count = (count + 1) % (1 << POD_BITS);
      const host = block | count;
      return `10.${(host >> 16) & 255}.${(host >> 8) & 255}.${host & 255}`;
    },
  };
}
