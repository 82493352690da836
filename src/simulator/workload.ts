/** What runs in a simulated cell: controllers and pods of shapes that always fit together, so that whatever is missing at the end is a fault of the cell. */
import type { PodContext, PodRecord } from '../../machines/index.ts';

/** Controllers users may have, in each namespace they use. */
export const CONTROLLERS = 3;
/** Namespaces they use. */
const NAMESPACES = 2;

/** The largest request of a pod that is meant to fit. */
const POD_CPU_MILLIS = 200;
const POD_MEMORY_MIB = 128;
/** Bare pods, pods on their way out and what is orphaned need room beside what controllers want. */
const ROOM_FACTOR = 3;
const MIB = 1024 * 1024;

/**
 * A large pod asks for so many times the memory of all small ones of a node, and a node has room for one and a half of those
 * beside them: never for a second one, and the small ones always fit.
 */
const LARGE_FACTOR = 3;
const LARGE_ROOM = 1.5;

/** What one node has, so that a cell which lost half of its nodes is still not full of small pods. */
export function nodeShape(podsPerNode: number) {
  const small = Math.ceil(podsPerNode * ROOM_FACTOR);
  const smallMebibytes = small * POD_MEMORY_MIB;
  const memoryBytes = smallMebibytes * (1 + LARGE_FACTOR * LARGE_ROOM) * MIB;
  return {
    cpuMillis: small * POD_CPU_MILLIS,
    memoryBytes,
    podsMax: small + 1,
    largePodBytes: smallMebibytes * LARGE_FACTOR * MIB,
  };
}

/** The most that one controller may be asked for. */
export function replicasMax({ nodes, podsPerNode }: { readonly nodes: number; readonly podsPerNode: number }): number {
  return Math.max(1, Math.floor(((nodes * podsPerNode) / (CONTROLLERS * NAMESPACES)) * 1.5));
}

export function controllerName(target: number): string {
  return `web-${Math.floor(target * CONTROLLERS)}`;
}

interface Choice {
  readonly action: { readonly target: number; readonly first: number; readonly second: number };
  readonly replicasMax: number;
}

/** One in some crashes again and again. */
const CRASHING_SHARE = 0.08;

export function controllerManifest({ action, replicasMax: most }: Choice): object {
  const { target, first, second } = action;
  const name = controllerName(target);
  const replicas = Math.floor(first * (most + 1));
  const env = second > 1 - CRASHING_SHARE ? hollow({ RUN_MS: '15000', EXIT_CODE: '1' }) : hollow({ STOP_MS: '700' });
  const template = { metadata: { labels: { app: name } }, spec: { containers: [container(env)] } };
  const ready = first < 0.2 ? { minReadySeconds: 5 } : {};
  return { metadata: { name }, spec: { replicas, ...ready, template } };
}

/** Some run for ever, some end, some fit nowhere. */
export function podManifest(
  name: string,
  { first, second }: { readonly first: number; readonly second: number },
): object {
  const restartPolicy = first < 0.5 ? 'Always' : first < 0.8 ? 'Never' : 'OnFailure';
  const env = restartPolicy === 'Always' ? [] : hollow({ RUN_MS: '20000', EXIT_CODE: second < 0.4 ? '1' : '0' });
  const huge = second > 0.9 ? { resources: { requests: { cpu: '1000' } } } : {};
  return {
    metadata: { name, labels: { bare: name } },
    spec: { restartPolicy, containers: [{ ...container(env), ...huge }] },
  };
}

/** A node takes one of these; others wait for it to go. */
export function largePodManifest(name: string, nodeMemoryBytes: number): object {
  const memory = String(Math.floor((nodeMemoryBytes * LARGE_FACTOR) / (1 + LARGE_FACTOR * LARGE_ROOM)));
  return {
    metadata: { name, labels: { large: name } },
    spec: { containers: [{ ...container([]), resources: { requests: { memory } } }] },
  };
}

function container(env: readonly object[]): object {
  const resources = { requests: { cpu: `${POD_CPU_MILLIS}m`, memory: `${POD_MEMORY_MIB}Mi` } };
  return { name: 'main', image: 'demo:1', env, resources };
}

function hollow(settings: Readonly<Record<string, string>>): object[] {
  return Object.entries(settings).map(([name, value]) => ({ name: `PERIPLUS_HOLLOW_${name}`, value }));
}

/** Whether a pod's program ends by itself, so that it need not be ready whenever one looks. */
export function endsByItself(spec: PodContext['spec']): boolean {
  return spec.containers.some(({ env }) => env?.some(({ name }) => name === 'PERIPLUS_HOLLOW_RUN_MS'));
}

export function mayBeUnready({ context }: PodRecord): boolean {
  return endsByItself(context.spec);
}
