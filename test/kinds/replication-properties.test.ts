/** Never one pod too many or too few: the replication controller under random interleavings, losses, repeats and crashes. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBeingDeleted, type Command, type CommandDraft } from '../../machines/index.ts';
import { isLive } from '../../machines/pod/index.ts';
import { replication } from '../../machines/replication-controller/index.ts';
import { Cell } from '../support/cell.ts';
import {
  cleanUp,
  createPod,
  createWeb,
  deletePod,
  fail,
  pods,
  registerNode,
  run,
  scale,
  web,
  WEB_KEY,
} from '../support/workload.ts';

const ACTOR = 'system:controller:replication';

/** Sends what is in flight in any order, any number of times, or never; checks every decision it leads to. */
class Interleaving {
  readonly cell = Cell.begin();
  readonly #inFlight: Command[] = [];
  #strays = 0;

  /** Begins with as many pods as are wanted, so that both ways, up and down, are near. */
  constructor() {
    registerNode(this.cell, 'n1');
    createWeb(this.cell, { replicas: 3 });
    this.cell.settle([replication]);
  }

  live(): number {
    const { uid } = web(this.cell);
    return pods(this.cell).filter((pod) => {
      const { ownerReferences = [] } = pod.context.metadata;
      return isLive(pod) && !isBeingDeleted(pod.context.metadata) && ownerReferences.some((owner) => owner.uid === uid);
    }).length;
  }

  reconcile(): void {
    this.cell.now += 3000;
    const drafts = this.cell.reconcile(replication, WEB_KEY).commands;
    this.#inFlight.push(...drafts.map((draft) => this.#command(draft)));
  }

  #command(draft: CommandDraft): Command {
    return { ...draft, actor: ACTOR, seen: this.cell.state.revision };
  }

  /** Delivers one command in flight; it stays there when it is to be delivered again. */
  deliver(index: number, again: boolean): void {
    const at = index % Math.max(1, this.#inFlight.length);
    const command = this.#inFlight[at];
    if (command === undefined) return;
    if (!again) this.#inFlight.splice(at, 1);
    const before = this.cell.state.revision;
    this.cell.submit(command);
    const decidedNow = this.cell.state.revision > before;
    if (!decidedNow || command.kind !== 'Pod') return;
    const wanted = web(this.cell).context.spec.replicas;
    if (command.verb === 'create') expect(this.live(), 'too many after a creation').toBeLessThanOrEqual(wanted);
    const surplus = (command.arguments as { readonly surplusOf?: string }).surplusOf !== undefined;
    if (surplus) expect(this.live(), 'too few after a surplus deletion').toBeGreaterThanOrEqual(wanted);
  }

  crash(): void {
    this.#inFlight.length = 0;
  }

  /** Something happens to a pod that can happen to it now. */
  happen(index: number, what: (typeof HAPPENINGS)[number]): void {
    const all = pods(this.cell);
    const pod = all[index % Math.max(1, all.length)];
    if (pod === undefined) return;
    const leaving = isBeingDeleted(pod.context.metadata);
    const bound = pod.context.spec.nodeName !== undefined;
    if (what === 'kill') deletePod(this.cell, pod.name, 0);
    else if (what === 'clean-up' && leaving && bound) cleanUp(this.cell, pod.name);
    else if (leaving || !isLive(pod)) return;
    else if (what === 'run' && !bound) run(this.cell, pod.name, 'n1');
    else if (what === 'fail' && bound) fail(this.cell, pod.name);
    else if (what === 'delete') deletePod(this.cell, pod.name);
    else if (what === 'relabel') {
      const patch = { metadata: { labels: { app: pod.context.metadata.labels?.['app'] === 'web' ? 'debug' : 'web' } } };
      this.cell.accept({ kind: 'Pod', name: pod.name, verb: 'patch', arguments: { patch } });
    }
  }

  stray(): void {
    createPod(this.cell, `stray-${++this.#strays}`);
  }

  /** Nothing more goes wrong: the controller runs as it should, agents clean up. */
  recover(): void {
    this.crash();
    this.cell.now += 60_000;
    this.cell.settle([replication]);
    for (const pod of pods(this.cell)) {
      if (isBeingDeleted(pod.context.metadata)) cleanUp(this.cell, pod.name);
    }
    this.cell.settle([replication]);
  }
}

const HAPPENINGS = ['run', 'fail', 'delete', 'kill', 'relabel', 'clean-up'] as const;

/** Data rather than functions, so that a counterexample can be read. */
type Step =
  | { readonly step: 'reconcile' | 'crash' | 'stray' }
  | { readonly step: 'deliver'; readonly at: number; readonly again: boolean }
  | { readonly step: 'scale'; readonly to: number }
  | { readonly step: (typeof HAPPENINGS)[number]; readonly at: number };

const at = fc.nat({ max: 20 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ step: 'reconcile' }) },
  { weight: 8, arbitrary: fc.record({ step: fc.constant('deliver' as const), at, again: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'crash' }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('scale' as const), to: fc.nat({ max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ step: fc.constantFrom(...HAPPENINGS), at }) },
  { weight: 1, arbitrary: fc.constant<Step>({ step: 'stray' }) },
);

function take(interleaving: Interleaving, step: Step): void {
  switch (step.step) {
    case 'reconcile':
      return interleaving.reconcile();
    case 'crash':
      return interleaving.crash();
    case 'stray':
      return interleaving.stray();
    case 'deliver':
      return interleaving.deliver(step.at, step.again);
    case 'scale':
      return scale(interleaving.cell, step.to);
    default:
      return interleaving.happen(step.at, step.step);
  }
}

/** Enough to have found a missing premise each time one was taken away; about three seconds. */
const RUNS = 300;

describe('whatever is lost, repeated, overtaken or crashes', () => {
  test('no decision leads to one too many or too few, and in the end exactly the wanted pods live', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 60, size: 'max' }), (sequence) => {
        const interleaving = new Interleaving();
        for (const step of sequence) take(interleaving, step);
        interleaving.recover();
        const { spec, status } = web(interleaving.cell).context;
        expect(interleaving.live()).toBe(spec.replicas);
        expect(status.replicas).toBe(spec.replicas);
        expect(interleaving.cell.reconcile(replication, WEB_KEY).commands).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test('a pass repeated before its commands are decided wants the very same', () => {
    const interleaving = new Interleaving();
    scale(interleaving.cell, 5);
    const first = interleaving.cell.reconcile(replication, WEB_KEY);
    expect(interleaving.cell.reconcile(replication, WEB_KEY)).toEqual(first);
  });
});
