/** Keeps one pod as its node's work list wants it: asks the plan for the next step, carries it out, tells what changed, and sleeps. */
import type { PodNotice } from '../../machines/pod/index.ts';
import type { Timer } from '../foundation/clock.ts';
import { dueAt, raise } from './back-off.ts';
import type { BackOff, BackOffLimits } from './back-off.ts';
import type { WorkPod } from './control-plane-link.ts';
import type { PodAttempts } from './local-state.ts';
import { podTitle } from './container-level.ts';
import { NoticeMemory } from './notice-memory.ts';
import { adopt, forgetRun, vanish } from './pod-observation.ts';
import { planPod } from './pod-plan.ts';
import type { Step } from './pod-plan.ts';
import type { PodServices } from './pod-services.ts';
import type { PodState, Want } from './pod-state.ts';
import { memoryOf, newPodState, runsOf } from './pod-state.ts';
import { PodSteps } from './pod-steps.ts';
import { Published } from './published.ts';
import type { PodIdentity, RuntimeEvent, RuntimeInventory } from './runtimes/container-runtime.ts';
import { RuntimeError } from './runtimes/container-runtime.ts';
import { VolumeError } from './volumes/volume-error.ts';

/** Kubernetes' default, for a pod of which only the engine knows. */
export const DEFAULT_GRACE_SECONDS = 30;

/** An engine that is restarting is back within seconds; one that stays away is asked twice a minute. */
export const ENGINE_RETRY: BackOffLimits = { initialMs: 1_000, maximumMs: 30_000 };

/** A sandbox that keeps dying is not made again in a tight loop; the first loss is healed at once. */
export const SANDBOX_RETRY: BackOffLimits = { initialMs: 1_000, maximumMs: 60_000 };

/** A failure that is part of the engine's ordinary life (something vanished under our hands) is tried again at once, but once only. */
const FREE_RETRIES = 1;

export class PodWorker {
  readonly pod: PodState;
  readonly #services: PodServices;
  readonly #steps: PodSteps;
  readonly #published: Published;
  readonly #noticeMemory = new NoticeMemory();
  #notices: PodNotice[] = [];
  #running = false;
  #background = 0;
  /** Counts what was done, so that an inventory taken meanwhile is known to be out of date. */
  #activity = 0;
  #timer: Timer | undefined;
  #failures = 0;
  #sandboxLosses: BackOff | undefined;
  /** The control plane no longer wants to hear of this pod. */
  #dismissed = true;
  #draining = false;
  #cleanedUpTold = false;
  #closed = false;

  constructor(identity: PodIdentity, services: PodServices, attempts: PodAttempts | undefined) {
    this.pod = newPodState(identity);
    this.#services = services;
    this.#published = new Published(services.runtime.kind);
    const { pod } = this;
    this.#steps = new PodSteps({
      pod,
      services,
      tell: (notice) => this.#tell(notice),
      inBackground: (operation) => void this.#runInBackground(operation),
      publish: () => this.#publish(),
    });
    if (attempts === undefined) return;
    pod.nextSandboxAttempt = attempts.sandboxes;
    for (const [name, attempt] of Object.entries(attempts.containers)) memoryOf(pod, name).attempt = attempt;
  }

  /** Highest attempts made so far, to be remembered across restarts of the agent. */
  get attempts(): PodAttempts {
    const made = [...this.pod.containers.values()].filter(({ attempt }) => attempt >= 0);
    const containers = Object.fromEntries(made.map(({ name, attempt }) => [name, attempt]));
    return { sandboxes: this.pod.nextSandboxAttempt, containers };
  }

  /** Whether something is under way that changes what the engine has. */
  get busy(): boolean {
    return this.#running || this.#background > 0;
  }

  get activity(): number {
    return this.#activity;
  }

  /** What the control plane wants of this pod now. */
  assign(work: WorkPod): void {
    const { pod } = this;
    if (pod.want === 'remove' && work.deletion === undefined) this.#cleanedUpTold = false;
    pod.work = work;
    pod.want = wantOf(work);
    pod.graceSeconds =
      work.deletion?.gracePeriodSeconds ?? work.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
    pod.nextSandboxAttempt = Math.max(pod.nextSandboxAttempt, work.sandboxAttempts);
    this.#dismissed = false;
    for (const [name, { restartCount }] of Object.entries(work.containers)) {
      const memory = memoryOf(pod, name);
      if (restartCount > memory.attempt && restartCount > 0) memory.attempt = restartCount;
    }
    for (const memory of pod.containers.values()) {
      if (memory.current === undefined) vanish(pod, memory, this.#services.clock.now());
    }
    pod.holdUntil = 0;
    this.wake();
  }

  /** The pod is no work of this node any more: it goes, and nobody is told. With its own grace where none is given. */
  dismiss(graceSeconds = this.pod.work?.deletion?.gracePeriodSeconds ?? this.#ownGrace()): void {
    if (this.#dismissed && this.pod.want === 'remove') return;
    this.#dismissed = true;
    this.pod.want = 'remove';
    this.pod.graceSeconds = graceSeconds;
    this.wake();
  }

  /** Stops and removes what runs, keeping volumes: the node goes down and will run the pod again. Told like any other end, so that nobody takes it for running meanwhile. */
  drain(): void {
    this.#draining = true;
    this.pod.want = 'remove';
    this.pod.volumes = 'removed';
    this.pod.graceSeconds = this.#ownGrace();
    this.pod.holdUntil = 0;
    this.wake();
  }

  /** Takes over what an inventory shows of this pod, taken while nobody worked on it. */
  adopt(found: RuntimeInventory, work: WorkPod | undefined = this.pod.work): void {
    const had = this.pod.sandbox;
    this.pod.work = work;
    adopt(this.pod, found, this.#services.clock.now());
    if (had?.running === true && this.pod.sandbox?.running !== true) this.#sandboxLost();
    this.wake();
  }

  /** Something was heard of one of this pod's containers. */
  heard({ type, id }: Exclude<RuntimeEvent, { readonly type: 'resync' }>): void {
    const { pod } = this;
    if (pod.sandbox?.id === id) {
      if (type === 'started' || !pod.sandbox.running) return;
      pod.sandbox = { ...pod.sandbox, running: false };
      this.#sandboxLost();
      return this.wake();
    }
    for (const memory of pod.containers.values()) {
      const run = runsOf(memory).find((known) => known.id === id);
      if (run === undefined) continue;
      if (type === 'removed') forgetRun(pod, memory, id, this.#services.clock.now());
      else if ((type === 'started') === (run.state === 'running')) return;
      // What is being started just now is looked at when the call returns.
      else if (type === 'started' && this.#running) return;
      else pod.toInspect.add(id);
      return this.wake();
    }
    if (type !== 'started') this.#steps.departed(id);
  }

  /** The engine is back: what was held because it was away is tried now. */
  engineReturned(): void {
    this.pod.holdUntil = 0;
    this.wake();
  }

  /** Tells everything again, the end of a deletion included. */
  tellAgain(): void {
    this.#published.forget();
    this.#cleanedUpTold = false;
    this.wake();
  }

  /** Looks whether there is something to do. */
  wake(): void {
    if (!this.#running && !this.#closed) void this.#run();
  }

  /** Starts nothing more; what is under way ends by itself. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #ownGrace(): number {
    return this.pod.work?.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#timer?.cancel();
    while (!this.#closed) {
      const step = planPod(this.pod, this.#services.clock.now());
      if (step.do === 'wait' || step.do === 'finish') {
        this.#running = false;
        this.#rest(step);
        return;
      }
      this.#activity += 1;
      try {
        await this.#steps.carryOut(step);
        if (step.do !== 'stop') this.#failures = 0; // A stop has only begun.
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#running = false;
  }

  #rest(step: Extract<Step, { readonly do: 'wait' | 'finish' }>): void {
    if (step.do === 'finish') {
      this.#publish(true);
      this.#services.finished(this.pod.identity.uid);
      return;
    }
    this.#publish();
    if (step.until === undefined) return;
    const delayMs = Math.max(0, step.until - this.#services.clock.now());
    this.#timer = this.#services.clock.after(delayMs, () => this.wake(), { background: true });
  }

  async #runInBackground(operation: () => Promise<void>): Promise<void> {
    this.#background += 1;
    try {
      await operation();
      this.#failures = 0;
    } catch (error) {
      this.#failed(error);
    }
    this.#background -= 1;
    this.#activity += 1;
    this.wake();
  }

  /** Nothing is tried again at once, whatever failed; a bug in one pod must not take the node's other pods down. */
  #failed(error: unknown): void {
    const { clock, logger } = this.#services;
    this.#failures += 1;
    if (error instanceof VolumeError) {
      this.#tell({ type: 'Warning', reason: 'FailedMount', message: error.message });
    } else if (!(error instanceof RuntimeError)) {
      logger.error('a pod could not be worked on: a bug', { error, pod: podTitle(this.pod) });
    }
    const gone = error instanceof RuntimeError && error.code === 'gone';
    if (gone && this.#failures <= FREE_RETRIES) return;
    const doublings = Math.min(this.#failures - 1, Math.ceil(Math.log2(ENGINE_RETRY.maximumMs)));
    const delayMs = Math.min(ENGINE_RETRY.initialMs * 2 ** doublings, ENGINE_RETRY.maximumMs);
    this.pod.holdUntil = clock.now() + delayMs;
    if (this.#failures > 1) logger.warn('a pod cannot be worked on', { error, pod: podTitle(this.pod), delayMs });
  }

  #tell(notice: PodNotice): void {
    if (this.#noticeMemory.isNews(notice)) this.#notices.push(notice);
  }

  #sandboxLost(): void {
    const now = this.#services.clock.now();
    this.pod.holdUntil = Math.max(this.pod.holdUntil, dueAt(this.#sandboxLosses, now, SANDBOX_RETRY));
    this.#sandboxLosses = raise(this.#sandboxLosses, { failedAt: now, now }, SANDBOX_RETRY);
  }

  #publish(finished = false): void {
    const { pod } = this;
    const { work } = pod;
    if (work === undefined || this.#dismissed) {
      this.#notices = [];
      return;
    }
    const { clock, hostIP } = this.#services;
    const containers = this.#published.changedLevels(pod, work, clock.now());
    const sandbox = this.#published.changedSandbox(pod, hostIP);
    // A drained pod will run again; one that is being deleted is gone for good all the same.
    const cleanedUp = finished && !this.#cleanedUpTold && (!this.#draining || work.deletion !== undefined);
    const notices = this.#notices;
    if (containers.length === 0 && sandbox === undefined && notices.length === 0 && !cleanedUp) return;
    this.#notices = [];
    this.#cleanedUpTold ||= cleanedUp;
    this.#services.report(work, { containers, notices, ...(sandbox && { sandbox }), ...(cleanedUp && { cleanedUp }) });
  }
}

function wantOf({ deletion, ended }: WorkPod): Want {
  if (deletion !== undefined) return 'remove';
  return ended ? 'end' : 'run';
}
