/** The agent's control plane in a test: hands out work lists, folds reports by their numbers as the real one does, and can be cut off. */
import type { CommandDraft, Outcome } from '../../machines/index.ts';
import type { PodNotice, ReportArguments } from '../../machines/pod/index.ts';
import type { ControlPlaneLink, NodeServices, WorkList, WorkPod } from '../../src/agent/control-plane-link.ts';

type Level = ReportArguments['containers'][number];

/** What the cell knows of a pod from reports. */
export interface FoldedPod {
  readonly levels: Map<string, Level>;
  readonly history: Level[];
  readonly notices: PodNotice[];
  sandbox?: ReportArguments['sandbox'];
  sandboxAttempts: number;
  cleanedUp: boolean;
}

export class FakeControlPlane implements ControlPlaneLink {
  readonly node: string;
  readonly sent: CommandDraft[] = [];
  readonly messages: (readonly CommandDraft[])[] = [];
  readonly folded = new Map<string, FoldedPod>();
  readonly pods = new Map<string, WorkPod>();
  services: NodeServices | undefined;
  heartbeats = 0;
  workRequests = 0;
  /** Replaces the answer to a message; undefined answers as usual. */
  answer: ((commands: readonly CommandDraft[]) => Promise<readonly Outcome[]> | undefined) | undefined;
  lineage = 'lineage-1';
  term = 1;
  sequence = 0;
  #entry = 1;
  #connected: boolean;
  #receivers: ((work: WorkList) => void)[] = [];

  constructor(node: string, options: { readonly connected?: boolean } = {}) {
    this.node = node;
    this.#connected = options.connected ?? true;
  }

  connected(): boolean {
    return this.#connected;
  }

  /** A reconnect brings a full list, as the real link does. */
  connect(): void {
    this.#connected = true;
    this.sendFull();
  }

  disconnect(): void {
    this.#connected = false;
  }

  /** A new agent process takes the place of the one before. */
  forgetAgent(): void {
    this.#receivers = [];
  }

  onWork(receive: (work: WorkList) => void): void {
    this.#receivers.push(receive);
  }

  async requestWork(): Promise<void> {
    this.workRequests += 1;
    this.sendFull();
  }

  async send(commands: readonly CommandDraft[]): Promise<readonly Outcome[]> {
    if (!this.#connected) throw new Error('the bus is away');
    this.messages.push(commands);
    const answer = this.answer?.(commands);
    if (answer !== undefined) return answer;
    return commands.map((command) => this.fold(command));
  }

  heartbeat(): void {
    this.heartbeats += 1;
  }

  serve(services: NodeServices): void {
    this.services = services;
  }

  async close(): Promise<void> {}

  /** Adds or changes a pod and tells the node. */
  put(...pods: readonly WorkPod[]): void {
    for (const pod of pods) this.pods.set(pod.uid, pod);
    this.#sendChange({ pods, removed: [] });
  }

  remove(uid: string): void {
    this.pods.delete(uid);
    this.#sendChange({ pods: [], removed: [uid] });
  }

  /** The pod as the control plane knows it now. */
  workOf(pod: WorkPod): WorkPod {
    const folded = this.folded.get(pod.uid);
    if (folded === undefined) return pod;
    const containers = [...folded.levels.values()].map(
      ({ name, number, attempt }) => [name, { number, restartCount: attempt }] as const,
    );
    return { ...pod, containers: Object.fromEntries(containers), sandboxAttempts: folded.sandboxAttempts };
  }

  sendFull(): void {
    this.deliver(this.fullList());
  }

  fullList(): WorkList {
    return { ...this.#next(), full: true, pods: [...this.pods.values()].map((pod) => this.workOf(pod)), removed: [] };
  }

  deliver(list: WorkList): void {
    if (!this.#connected) return;
    for (const receive of this.#receivers) receive(list);
  }

  of(uid: string): FoldedPod {
    let folded = this.folded.get(uid);
    if (folded === undefined) {
      folded = { levels: new Map(), history: [], notices: [], sandboxAttempts: 0, cleanedUp: false };
      this.folded.set(uid, folded);
    }
    return folded;
  }

  level(uid: string, container = 'app'): Level | undefined {
    return this.folded.get(uid)?.levels.get(container);
  }

  /** Decides one command. */
  fold(command: CommandDraft): Outcome {
    this.sent.push(command);
    this.#entry += 1;
    if (command.verb === 'report') this.#foldReport(command);
    return { outcome: 'accepted', revision: this.#entry, uid: command.preconditions?.uid ?? '', name: command.name };
  }

  #foldReport(command: CommandDraft): void {
    const report = command.arguments as ReportArguments;
    const pod = this.of(command.preconditions?.uid ?? '');
    if (report.sandbox !== undefined) {
      pod.sandbox = report.sandbox;
      pod.sandboxAttempts = Math.max(pod.sandboxAttempts, report.sandbox.attempt + 1);
    }
    for (const level of report.containers) {
      if (level.number <= (pod.levels.get(level.name)?.number ?? -1)) continue;
      pod.levels.set(level.name, level);
      pod.history.push(level);
    }
    pod.notices.push(...(report.notices ?? []));
    pod.cleanedUp ||= report.cleanedUp ?? false;
  }

  #next(): Pick<WorkList, 'position' | 'sequence' | 'term'> {
    this.sequence += 1;
    this.#entry += 1;
    const { lineage, term, sequence } = this;
    const entry = this.#entry;
    return { position: { lineage, entry, revision: entry, hash: `hash-${entry}` }, term, sequence };
  }

  #sendChange(change: Pick<WorkList, 'pods' | 'removed'>): void {
    if (this.#connected) this.deliver({ ...this.#next(), full: false, ...change });
  }
}
