/** All pods of this node: hands each its work and what the engine shows of it, and decides which are nobody's. */
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { WorkList, WorkPod, WorkPosition } from './control-plane-link.ts';
import type { PodAttempts, SavedState } from './local-state.ts';
import type { PodServices } from './pod-services.ts';
import { PodWorker } from './pod-worker.ts';
import type { Reports } from './reports.ts';
import type {
  ContainerRuntime,
  PodIdentity,
  RuntimeEvent,
  RuntimeInfo,
  RuntimeInventory,
} from './runtimes/container-runtime.ts';
import { WorkBook } from './work-book.ts';
import type { WorkVerdict } from './work-book.ts';

/** How soon the engine is listed again for pods that were worked on meanwhile, or after it failed; doubles up to the slow resync. */
export const RELIST_INITIAL_MS = 1_000;

/** A pod's object that goes before its containers was deleted by somebody who would not wait for them. */
const REMOVED_GRACE_SECONDS = 0;

/** Nothing should ever be missed; this is for what should not happen. Listing costs an engine some ten milliseconds. */
export const RESYNC_INTERVAL_MS = 60_000;

export interface PodsOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reports: Reports;
  /** Everything a worker needs but the way back to here. */
  readonly services: Omit<PodServices, 'finished' | 'attempted' | 'unenforceable'>;
  /** What is to be saved has changed. */
  changed(): void;
  /** The log is another one: what was told before may be lost. */
  newLineage(): void;
}

export class Pods {
  readonly #options: PodsOptions;
  readonly #services: PodServices;
  readonly #workers = new Map<string, PodWorker>();
  readonly #book = new WorkBook();
  #savedAttempts: Readonly<Record<string, PodAttempts>> = {};
  /** The engine has been listed: only then is anything made. */
  #adopted = false;
  /** A full list was taken by this process: only then is anything nobody's. */
  #authoritative = false;
  #unenforceable: RuntimeInfo['unenforceable'] = [];
  #listing = false;
  #listAgain = false;
  #relistMs = RELIST_INITIAL_MS;
  #timer: Timer | undefined;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(options: PodsOptions) {
    this.#options = options;
    this.#services = {
      ...options.services,
      unenforceable: () => this.#unenforceable,
      attempted: () => options.changed(),
      finished: (uid) => this.#finished(uid),
    };
  }

  /** Begins with what an earlier process had saved. */
  restore(saved: SavedState): void {
    this.#book.restore(saved);
    this.#savedAttempts = saved.attempts;
  }

  /** What to save. */
  snapshot(): SavedState {
    const attempts: Record<string, PodAttempts> = {};
    for (const uid of this.#book.pods.keys()) {
      const made = this.#workers.get(uid)?.attempts ?? this.#savedAttempts[uid];
      if (made !== undefined) attempts[uid] = made;
    }
    const { mark, formerLineages, pods } = this.#book;
    return { ...(mark && { mark }), formerLineages, pods: [...pods.values()], attempts };
  }

  /** How far this node has seen the log. */
  get seen(): WorkPosition | undefined {
    return this.#book.mark?.position;
  }

  find(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  /** Takes a work list; `gap` asks for a full one. */
  receive(list: WorkList): WorkVerdict['verdict'] {
    if (this.#closed || this.#drained !== undefined) return 'stale';
    const before = this.#book.mark;
    const verdict = this.#book.take(list);
    if (verdict.verdict !== 'taken') return verdict.verdict;
    if (verdict.newLineage) {
      const lineages = { before: before?.position, now: list.position };
      this.#options.logger.error(
        'the control plane has another log: a restore, or accepted loss; following it',
        lineages,
      );
    }
    this.#options.changed();
    if (list.full) this.#authoritative = true;
    if (this.#adopted) this.#apply(list);
    if (verdict.newLineage) {
      for (const worker of this.#workers.values()) worker.tellAgain();
      this.#options.newLineage();
    }
    return 'taken';
  }

  /** Something was heard from the engine. */
  heard(event: RuntimeEvent): void {
    if (event.type !== 'resync') {
      this.#workers.get(event.pod.uid)?.heard(event);
      return;
    }
    this.#relistMs = RELIST_INITIAL_MS;
    for (const worker of this.#workers.values()) worker.engineReturned();
    void this.relist();
  }

  /** Compares what the engine has with what is known. */
  async relist(): Promise<void> {
    this.#listAgain = true;
    if (this.#listing) return;
    this.#listing = true;
    this.#timer?.cancel();
    let complete = true;
    while (this.#listAgain && !this.#closed) {
      this.#listAgain = false;
      complete = await this.#list();
    }
    this.#listing = false;
    this.#scheduleRelist(complete);
  }

  /** Stops and removes all that runs, keeping what is needed to run it again. */
  drain(): Promise<void> {
    const drained = Promise.withResolvers<void>();
    this.#drained = drained.resolve;
    for (const worker of this.#workers.values()) worker.drain();
    this.#checkDrained();
    return drained.promise;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    for (const worker of this.#workers.values()) worker.close();
  }

  #apply(list: WorkList): void {
    for (const work of list.full ? this.#book.pods.values() : list.pods) this.#assign(work, list.full);
    if (!list.full) for (const uid of list.removed) this.#workers.get(uid)?.dismiss(REMOVED_GRACE_SECONDS);
    else this.#dismissNobodys();
  }

  #assign(work: WorkPod, full: boolean): void {
    const { reports } = this.#options;
    const worker = this.#worker(work);
    // What was told before a full list and is not known there was lost on the way.
    const lost = full && work.deletion !== undefined && !reports.isPending(work.uid);
    worker.assign(work);
    if (lost || reports.isBehind(work)) worker.tellAgain();
  }

  #dismissNobodys(): void {
    for (const [uid, worker] of this.#workers) if (!this.#book.pods.has(uid)) worker.dismiss();
  }

  #worker({ uid, namespace, name }: PodIdentity): PodWorker {
    let worker = this.#workers.get(uid);
    if (worker !== undefined) return worker;
    worker = new PodWorker({ uid, namespace, name }, this.#services, this.#savedAttempts[uid]);
    this.#workers.set(uid, worker);
    return worker;
  }

  /** False when the engine failed, or pods were being worked on. */
  async #list(): Promise<boolean> {
    const { runtime, logger } = this.#options;
    const activities = new Map<string, number>();
    for (const [uid, worker] of this.#workers) if (!worker.busy) activities.set(uid, worker.activity);
    let inventory: RuntimeInventory;
    try {
      if (!this.#adopted) this.#unenforceable = (await runtime.info()).unenforceable;
      inventory = await runtime.inventory();
    } catch (error) {
      logger.warn('the container engine cannot be listed', { error });
      return false;
    }
    if (this.#closed || this.#drained !== undefined) return true;
    return this.#adopted ? this.#compare(inventory, activities) : this.#adoptAll(inventory);
  }

  #adoptAll(inventory: RuntimeInventory): true {
    const found = byPod(inventory);
    for (const [uid, part] of found) this.#worker(part.identity).adopt(part, this.#book.pods.get(uid));
    for (const work of this.#book.pods.values()) {
      if (!found.has(work.uid)) this.#worker(work).adopt(NOTHING, work);
    }
    this.#adopted = true;
    for (const work of this.#book.pods.values()) this.#assign(work, this.#authoritative);
    if (this.#authoritative) this.#dismissNobodys();
    this.#options.logger.info('the node has taken over its containers', { pods: found.size });
    return true;
  }

  #compare(inventory: RuntimeInventory, activities: ReadonlyMap<string, number>): boolean {
    const found = byPod(inventory);
    let complete = true;
    for (const [uid, worker] of this.#workers) {
      if (!worker.busy && activities.get(uid) === worker.activity) worker.adopt(found.get(uid) ?? NOTHING);
      else complete = false;
    }
    for (const [uid, part] of found) {
      if (!this.#workers.has(uid)) this.#worker(part.identity).adopt(part);
    }
    if (this.#authoritative) this.#dismissNobodys();
    return complete;
  }

  #scheduleRelist(complete: boolean): void {
    if (this.#closed) return;
    const delayMs = complete ? RESYNC_INTERVAL_MS : this.#relistMs;
    this.#relistMs = complete ? RELIST_INITIAL_MS : Math.min(this.#relistMs * 2, RESYNC_INTERVAL_MS);
    this.#timer = this.#options.clock.after(delayMs, () => void this.relist(), { background: true });
  }

  #finished(uid: string): void {
    if (this.#drained !== undefined) return this.#checkDrained();
    if (this.#book.pods.has(uid)) return;
    this.#workers.get(uid)?.close();
    this.#workers.delete(uid);
    this.#options.reports.forget(uid);
    this.#options.changed();
  }

  #checkDrained(): void {
    for (const { pod, busy } of this.#workers.values()) if (busy || pod.sandbox !== undefined || holdsRuns(pod)) return;
    this.#drained?.();
  }
}

function holdsRuns(pod: PodWorker['pod']): boolean {
  return [...pod.containers.values()].some(
    ({ current, previous, garbage }) => current !== undefined || previous !== undefined || garbage.length > 0,
  );
}

interface PodPart extends RuntimeInventory {
  readonly identity: PodIdentity;
}

const NOTHING: RuntimeInventory = { sandboxes: [], containers: [] };

function byPod({ sandboxes, containers }: RuntimeInventory): Map<string, PodPart> {
  const sandboxesOf = Map.groupBy(sandboxes, ({ pod }) => pod.uid);
  const containersOf = Map.groupBy(containers, ({ pod }) => pod.uid);
  const parts = new Map<string, PodPart>();
  for (const { pod } of [...sandboxes, ...containers]) {
    if (parts.has(pod.uid)) continue;
    const part = { sandboxes: sandboxesOf.get(pod.uid) ?? [], containers: containersOf.get(pod.uid) ?? [] };
    parts.set(pod.uid, { identity: pod, ...part });
  }
  return parts;
}
