/** The words in which a recorded history is told: commands of people, agents and the scheduler, controllers in between. */
import { reconcilers, type Command, type ObjectRecord, type Outcome } from '../../../machines/index.ts';
import type { ContainerReport, PodContext, ReportArguments } from '../../../machines/pod/index.ts';
import { Cell, type TestCommand } from '../../support/cell.ts';

export class Story {
  readonly cell = Cell.begin();
  #settled = 0;
  #commands = 0;
  #reports = 0;

  /** Seconds pass. */
  wait(seconds: number): void {
    this.cell.now += seconds * 1000;
  }

  /** Something is done to an object, and is accepted. */
  tell(kind: string, name: string, verb: string, args: object = {}, more: Partial<Command> = {}): void {
    this.cell.accept({ kind, name, verb, arguments: args, ...more });
  }

  create(kind: string, manifest: object, more: Partial<Command> = {}): ObjectRecord {
    return this.cell.create(kind, manifest, more);
  }

  patch(kind: string, name: string, patch: object, more: Partial<Command> = {}): void {
    this.tell(kind, name, 'patch', { patch }, more);
  }

  /** Something is asked for in vain, or is so already. */
  expectOutcome(outcome: Outcome['outcome'], command: TestCommand): void {
    const got = this.cell.send(command);
    if (got.outcome !== outcome) throw new Error(`expected ${outcome}, got ${JSON.stringify(got)}`);
  }

  /** Commands that queued while an entry was in flight, by different people, become one entry. */
  together(commands: readonly TestCommand[]): void {
    const filled = commands.map((command) => ({
      id: `story/${++this.#commands}`,
      namespace: command.kind === 'Node' || command.kind === 'Namespace' ? '' : 'default',
      arguments: {},
      actor: 'admin',
      ...command,
    }));
    this.cell.submitTogether(filled);
  }

  /** The controllers do what has to be done because of what happened since they last did. */
  settle(): void {
    const from = this.#settled;
    this.cell.settle(reconcilers, from);
    this.#settled = this.cell.changes.length;
  }

  pods(): readonly ObjectRecord<PodContext>[] {
    return this.cell.list<PodContext>('Pod').toSorted((left, right) => left.createdRevision - right.createdRevision);
  }

  pod(name: string): ObjectRecord<PodContext> {
    return this.cell.get<PodContext>('Pod', name);
  }

  /** The scheduler places a pod. */
  bind(pod: string, node: string): void {
    this.tell('Pod', pod, 'bind', { node, score: 50, scores: { LeastAllocated: 50 }, feasibleNodes: 1, totalNodes: 2 });
  }

  /** The agent of the pod's node tells what it sees. */
  report(pod: string, containers: readonly ContainerReport[], more: Partial<ReportArguments> = {}): void {
    const node = this.pod(pod).context.spec.nodeName ?? '';
    this.tell('Pod', pod, 'report', { node, containers, ...more }, { actor: `system:node:${node}` });
  }

  /** A container's level, numbered on from the report before; `gap` reports in between were lost. */
  container(state: ContainerReport['state'], more: Partial<ContainerReport> & { readonly gap?: number } = {}) {
    const { gap = 0, ...given } = more;
    this.#reports += gap + 1;
    return { name: 'main', number: this.#reports, attempt: 0, ready: false, image: 'demo:1', state, ...given };
  }

  running(more: Parameters<Story['container']>[1] = {}): ContainerReport {
    return this.container({ running: { startedAt: this.cell.now } }, { ready: true, ...more });
  }

  terminated(exitCode: number, more: Parameters<Story['container']>[1] = {}): ContainerReport {
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    const ended = { exitCode, reason, startedAt: this.cell.now - 1000, finishedAt: this.cell.now };
    return this.container({ terminated: { ...ended, lastLines: `exit ${exitCode}\n` } }, more);
  }

  waiting(reason: string, more: Parameters<Story['container']>[1] = {}): ContainerReport {
    return this.container({ waiting: { reason, message: `${reason}: see the agent's notice` } }, more);
  }
}
