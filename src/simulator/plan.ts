/** What befalls a cell in one run, made from the seed before it begins: faults and users' actions, each with its time, so that any of them can be left out. */
import { ACTION_KINDS, type ActionKind } from './actions.ts';
import { FAULTS, type FaultKind, type FaultRate } from './fault-kinds.ts';
import { Random } from './random.ts';

/** How a run is asked for. */
export interface PlanOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Virtual time of the part with faults and users, milliseconds. */
  readonly durationMs: number;
  /** How often each kind of fault happens, as a multiple of its own rate. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** Average time between two actions of users, milliseconds. */
  readonly actionEveryMs: number;
}

export interface PlannedFault {
  readonly type: 'fault';
  readonly atMs: number;
  readonly kind: FaultKind;
  /** In [0, 1): which of the hosts it befalls. */
  readonly target: number;
  /** In [0, 1): how bad it is. */
  readonly severity: number;
  readonly durationMs: number;
}

export interface PlannedAction {
  readonly type: 'action';
  readonly atMs: number;
  readonly kind: ActionKind;
  /** In [0, 1): which object, and two more choices. */
  readonly target: number;
  readonly first: number;
  readonly second: number;
}

export type PlannedItem = PlannedFault | PlannedAction;

/** Users begin, and let the cell settle, before the first fault, milliseconds. */
export const QUIET_START_MS = 5_000;

export interface Plan {
  readonly options: PlanOptions;
  /** In the order of their times; an item's number is its place here. */
  readonly items: readonly PlannedItem[];
}

export function makePlan(options: PlanOptions): Plan {
  const items = [...faultsOf(options), ...actionsOf(options)];
  return { options, items: items.toSorted((a, b) => a.atMs - b.atMs) };
}

function* faultsOf({ seed, durationMs, faults }: PlanOptions): Generator<PlannedFault> {
  for (const [kind, { everyMs, lastsMs }] of Object.entries(FAULTS) as [FaultKind, FaultRate][]) {
    const rate = faults[kind] ?? 0;
    if (rate === 0) continue;
    const random = new Random(seed, `faults/${kind}`);
    let atMs = QUIET_START_MS;
    while ((atMs += random.wait(everyMs / rate)) < durationMs) {
      const [target, severity] = [random.fraction(), random.fraction()];
      yield { type: 'fault', atMs, kind, target, severity, durationMs: random.between(...lastsMs) };
    }
  }
}

function* actionsOf({ seed, durationMs, actionEveryMs }: PlanOptions): Generator<PlannedAction> {
  const random = new Random(seed, 'actions');
  const weights = Object.entries(ACTION_KINDS) as [ActionKind, number][];
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  let atMs = 0;
  while ((atMs += random.wait(actionEveryMs)) < durationMs) {
    let draw = random.fraction() * total;
    const [kind] = weights.find(([, weight]) => (draw -= weight) < 0) ?? ['scale-controller'];
    const [target, first, second] = [random.fraction(), random.fraction(), random.fraction()];
    yield { type: 'action', atMs, kind, target, first, second };
  }
}
