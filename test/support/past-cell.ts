/** A cell in memory with its past, and the answers that a control plane gives about it. */
import { kinds, renderManifest, type ObjectKey, type ObjectRecord, type Outcome } from '../../machines/index.ts';
import { historyAnswers, type HistorySource } from '../../src/history/answers/index.ts';
import { MemoryPast } from '../../src/history/memory-past.ts';
import type { PlanAnswer } from '../../src/bus/history-messages/plan.ts';
import { PastError } from '../../src/history/past.ts';
import { Cell, type TestCommand } from './cell.ts';

export class PastCell {
  readonly cell = new Cell();
  readonly past = new MemoryPast();
  readonly source: HistorySource = {
    past: this.past,
    view: this.cell.state,
    now: () => this.cell.now,
  };
  readonly answers = historyAnswers(this.source);

  constructor() {
    this.cell.follower.subscribe(this.past.observe);
    this.accept({ kind: 'Namespace', name: 'default', verb: 'create', arguments: { manifest: { metadata: {} } } });
  }

  get revision(): number {
    return this.cell.state.revision;
  }

  /** Sends what must be accepted; returns its revision. */
  accept(command: TestCommand): number {
    this.cell.now += 1_000;
    this.cell.accept(command);
    return this.revision;
  }

  create(kind: string, name: string, manifest: object = {}): number {
    const { metadata = {}, ...parts } = manifest as { readonly metadata?: object };
    const given = { metadata: { name, ...metadata }, ...parts };
    return this.accept({ kind, name, verb: 'create', arguments: { manifest: given } });
  }

  patch(kind: string, name: string, patch: object): number {
    return this.accept({ kind, name, verb: 'patch', arguments: { patch } });
  }

  delete(kind: string, name: string): number {
    return this.accept({ kind, name, verb: 'delete' });
  }

  keyOf(kind: string, name: string): ObjectKey {
    return { kind, namespace: kinds.get(kind)?.namespaced === true ? 'default' : '', name };
  }

  rollback(kind: string, name: string, revision: number): PlanAnswer {
    return this.answers.rollback({ ...this.keyOf(kind, name), to: { revision } });
  }

  undelete(kind: string, name: string, choice: { readonly uid?: string; readonly revision?: number } = {}): PlanAnswer {
    const { uid, revision } = choice;
    return this.answers.undelete({
      ...this.keyOf(kind, name),
      ...(uid === undefined ? {} : { uid }),
      ...(revision === undefined ? {} : { at: { revision } }),
    });
  }

  /** An object as Kubernetes shows it. */
  manifestOf(record: ObjectRecord): object {
    const kind = kinds.get(record.kind);
    if (kind === undefined) throw new Error(`there is no kind ${record.kind}`);
    return renderManifest(kind, record);
  }

  /** Does what was planned, as the command line does. */
  carryOut({ command }: PlanAnswer): Outcome | undefined {
    if (command === undefined) return undefined;
    this.cell.now += 1_000;
    return this.cell.send(command);
  }
}

/** Why the past cannot answer; raises when it can. */
export function failure(ask: () => unknown): { readonly reason: string; readonly message: string } {
  try {
    ask();
  } catch (error) {
    if (error instanceof PastError) return { reason: error.reason, message: error.message };
    throw error;
  }
  throw new Error('it was answered');
}
