// Cells to ask "what if" about: made by playing scenarios, so that their pods run where the scheduler put them.
import type { ObjectKey } from '../../machines/index.ts';
import type { GivenManifest } from '../../src/bus/apply.ts';
import type { BaseState } from '../../src/simulator/what-if/base-state.ts';
import { Fork } from '../../src/simulator/what-if/fork.ts';
import { Player } from '../../src/simulator/what-if/play.ts';
import type { NodeShape, Step } from '../../src/simulator/what-if/scenario.ts';
import { Cell } from './cell.ts';
import { allRecords } from './kept-state.ts';

/** Long enough for every wait of a small cell. */
const SETTLE_MAX_MS = 600_000;

export const WEB: ObjectKey = { kind: 'ReplicationController', namespace: 'default', name: 'web' };

/** A cell with namespaces and configuration and nothing else. */
export function emptyBase(): BaseState {
  const { state, now } = Cell.begin();
  return { records: allRecords(state), revision: state.revision, time: now };
}

export type PlayableStep = Exclude<Step, { readonly do: 'fit' }>;

/** The cell after these steps, at rest. */
export async function baseAfter(steps: readonly PlayableStep[], from: BaseState = emptyBase()): Promise<BaseState> {
  const fork = await Fork.begin(from);
  const player = new Player(fork);
  for (const step of steps) {
    await player.play(step);
    await fork.settle(fork.now() + SETTLE_MAX_MS);
  }
  fork.stop();
  return { records: allRecords(fork.state), revision: fork.state.revision, time: fork.now() };
}

/** Nodes `n-1`, `n-2`... */
export function addNodes(count: number, shape: Partial<NodeShape> = {}, prefix = 'n'): PlayableStep {
  return { do: 'addNodes', count, prefix, shape: { cpu: '4', memory: '8Gi', pods: '110', labels: {}, ...shape } };
}

function podSpec(cpu: string, more: object = {}) {
  return { containers: [{ name: 'main', image: 'demo:1', resources: { requests: { cpu, memory: '64Mi' } } }], ...more };
}

/** A ReplicationController `web`, each pod of one core where nothing else is said. */
export function web(replicas: number, cpu = '1', more: object = {}): GivenManifest {
  return {
    kind: 'ReplicationController',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      selector: { app: 'web' },
      template: { metadata: { labels: { app: 'web' } }, spec: podSpec(cpu, more) },
    },
  } as GivenManifest;
}

export function barePod(name: string, cpu = '1', more: object = {}): GivenManifest {
  return { kind: 'Pod', metadata: { name, namespace: 'default' }, spec: podSpec(cpu, more) } as GivenManifest;
}

export function apply(...manifests: readonly GivenManifest[]): PlayableStep {
  return { do: 'apply', manifests };
}
