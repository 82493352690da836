/** Whether this machine can listen on an address, found out before anything is started. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** All addresses of the machine. */
const EVERYWHERE: readonly string[] = ['0.0.0.0', '::'];

/** Why it cannot, as a sentence that says what would do; undefined where it can. */
export function listenFault(
  address: string,
  own: readonly string[] = Object.values(networkInterfaces()).flatMap((all) => all?.map((one) => one.address) ?? []),
): string | undefined {
  if (EVERYWHERE.includes(address) || own.includes(address)) return undefined;
  const choice = [...new Set([...EVERYWHERE, ...own])].join(', ');
  if (isIP(address) === 0) return `--listen: "${address}" is no IP address; this machine has ${choice}`;
  return `--listen: ${address} is no address of this machine; it has ${choice}`;
}
