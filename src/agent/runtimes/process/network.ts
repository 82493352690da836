/** Gives each pod an address on a switch of its cell; all agents of the cell on this machine share the switch. */
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { packagePath } from '../../../foundation/package-path.ts';
import { RuntimeError } from '../container-runtime.ts';
import type { SandboxDescription } from './records.ts';
import type { Owner } from './places.ts';

const run = promisify(execFile);

const SCRIPT = packagePath('src/agent/runtimes/process/network.sh');
const SCRIPT_TIMEOUT_MS = 30_000;
/** Of the cell's name, since the kernel allows 15 characters for an interface's. */
const LINK_HASH_LENGTH = 8;
const ROUTES = '/proc/net/route';
/** Blocks of 4,096 addresses (/20) in 10.0.0.0/8, of which there are as many. */
const BLOCK_COUNT = 4096;
const BLOCK_BITS = 12;
const BLOCK_MASK = 0xfffff000;
const PRIVATE_NETWORK = 10 << 24;

/** The network namespace that holds the cell's bridge. */
export function switchOf(cell: string): string {
  return `periplus-${encodeURIComponent(cell)}`;
}

/** The node's own interface to the switch. */
export function linkOf(cell: string): string {
  return `pp${hash('sha256', cell).slice(0, LINK_HASH_LENGTH)}`;
}

/** Rejects with RuntimeError `refused` with the words of the tool that could not do it. */
export async function connectPod(
  owner: Owner,
  podUid: string,
  pid: number,
): Promise<NonNullable<SandboxDescription['network']>> {
  const network = freeNetwork(owner.cell, await readFile(ROUTES, 'utf8'));
  const label = `periplus cell ${owner.cell} node ${owner.node} pod ${podUid}`;
  const connected = await runScript(['connect', ...switchArguments(owner), network, String(pid), label]);
  const [address = '', networkInterface = ''] = connected.split(' ');
  return { address, networkInterface };
}

export async function disconnectPod(owner: Owner, networkInterface: string): Promise<void> {
  await runScript(['disconnect', ...switchArguments(owner), networkInterface]);
}

function switchArguments({ cell }: Owner): readonly [string, string] {
  return [switchOf(cell), linkOf(cell)];
}

/** The lock is on the script itself: a file that is always there, and leaves nothing behind. */
async function runScript(args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run('flock', [SCRIPT, 'sh', SCRIPT, ...args], { timeout: SCRIPT_TIMEOUT_MS });
    return stdout.trim();
  } catch (cause) {
    const words = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    throw new RuntimeError('refused', `the pod's network could not be ${args[0]}ed: ${words}`, { cause });
  }
}

/**
 * First three bytes of a /20 that no route of the machine touches. The cell's name says where the search begins, so that
 * two cells which search at once do not find the same.
 * @throws RuntimeError `refused` when there is none
 */
export function freeNetwork(cell: string, routeTable: string): string {
  const routes = parseRoutes(routeTable);
  const start = Number.parseInt(hash('sha256', cell).slice(0, 6), 16);
  for (let step = 0; step < BLOCK_COUNT; step++) {
    const block = (PRIVATE_NETWORK | (((start + step) % BLOCK_COUNT) << BLOCK_BITS)) >>> 0;
    const touched = routes.some(({ destination, mask }) => {
      const shorter = (mask & BLOCK_MASK) >>> 0;
      return (block & shorter) >>> 0 === (destination & shorter) >>> 0;
    });
    if (!touched) return [block >>> 24, (block >>> 16) & 255, (block >>> 8) & 255].join('.');
  }
  throw new RuntimeError('refused', 'every private network in 10.0.0.0/8 is routed already; give the pods Docker');
}

/** All but the default route, which touches everything. The kernel writes addresses with their bytes turned around. */
function parseRoutes(table: string): { readonly destination: number; readonly mask: number }[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .map((fields) => ({ destination: turned(fields[1]), mask: turned(fields[7]) }))
    .filter(({ mask }) => mask !== 0);
}

function turned(hexadecimal = '0'): number {
  const bytes = Buffer.from(hexadecimal.padStart(8, '0'), 'hex');
  return bytes.readUInt32LE();
}
