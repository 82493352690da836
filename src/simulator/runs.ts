/** Runs of many seeds under the same conditions, and how each is asked for again. */
import { FAULT_KINDS, type FaultKind } from './fault-kinds.ts';
import { makePlan, type PlannedItem } from './plan.ts';
import { Random } from './random.ts';
import { simulate, type SimulationOptions, type SimulationResult } from './simulation.ts';

/** What all runs share. */
export interface Conditions {
  readonly nodes: number;
  /** By the seed when absent: mostly two, since a standby hides what a lone writer would do after it stood still. */
  readonly controlPlanes?: number;
  readonly podsPerNode: number;
  readonly durationMs: number;
  readonly actionEveryMs: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly stepsMax?: number;
  /** Numbers of the plan's items to keep; all when absent. */
  readonly only?: readonly number[];
}

const MINUTE_MS = 60_000;
/** One seed in so many has a control plane without a standby. */
const LONE_WRITER_EVERY = 4;
/** And of the kinds of faults that are asked for this share. */
const KINDS_KEPT = 0.15;

export const EVERY_FAULT: Readonly<Partial<Record<FaultKind, number>>> = Object.fromEntries(
  FAULT_KINDS.map((kind) => [kind, 1]),
);

/** A run of some hundred milliseconds in which nearly everything happens. */
export const DEFAULT_CONDITIONS: Conditions = {
  nodes: 4,
  podsPerNode: 4,
  durationMs: 5 * MINUTE_MS,
  actionEveryMs: 4_000,
  faults: EVERY_FAULT,
};

export function optionsOf(seed: number, conditions: Conditions): SimulationOptions {
  const { only } = conditions;
  const isLone = seed % LONE_WRITER_EVERY === 1;
  const { controlPlanes = isLone ? 1 : 2 } = conditions;
  const faults = isLone ? fewKinds(seed, conditions.faults) : conditions.faults;
  const { items } = makePlan({ seed, ...conditions, faults });
  return { ...conditions, seed, controlPlanes, items: only ? only.flatMap((index) => items[index] ?? []) : items };
}

/** Some kinds of faults only: among all of them none has quiet enough around it for what follows from it alone. */
function fewKinds(seed: number, faults: Conditions['faults']): Conditions['faults'] {
  const random = new Random(seed, 'few-kinds');
  const kinds = Object.entries(faults);
  const kept = kinds.filter(() => random.chance(KINDS_KEPT));
  return Object.fromEntries(kinds.length > 1 ? kept : kinds);
}

export function runSeed(seed: number, conditions: Conditions): Promise<SimulationResult> {
  return simulate(optionsOf(seed, conditions));
}

/** What was planned, a line for each: when, and what. */
export function describeItem(item: PlannedItem): string {
  const at = `${(item.atMs / 1000).toFixed(3)} s`;
  if (item.type === 'action') return `${at}  user: ${item.kind} (${item.target.toFixed(2)})`;
  return `${at}  fault: ${item.kind} for ${(item.durationMs / 1000).toFixed(1)} s (${item.target.toFixed(2)})`;
}
