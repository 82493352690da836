/** How each kind of fault befalls a simulated cell, and how it ends. */
import type { ControlPlaneHost } from './control-plane-host.ts';
import type { EngineTrouble } from './engine.ts';
import type { FaultKind } from './fault-kinds.ts';
import type { LeaseServer } from './lease-store.ts';
import type { AppendTrouble, LogServer } from './log-server.ts';
import type { NodeHost } from './node-host.ts';
import type { PlannedFault } from './plan.ts';
import type { Truth } from './truth.ts';
import { addTrouble } from './trouble.ts';
import type { Wire } from './wire.ts';

/** What faults are done to. */
export interface Victims {
  readonly planes: readonly ControlPlaneHost[];
  readonly nodes: readonly NodeHost[];
  readonly log: LogServer;
  readonly lease: LeaseServer;
  readonly truth: Truth;
  /** Does it after so many more steps: between any two of them. */
  afterSteps(steps: number, act: () => void): void;
  /** What was acknowledged is lost now. */
  onLoss(): void;
}

/** Undoes it; nothing where there is nothing to undo. */
type End = () => void;
type Begin = (victims: Victims, fault: PlannedFault) => End | void;

/** Both ends notice a cut at once, or only when pings stay unanswered. */
const NOTICED_AFTER_MAX_MS = 12_000;
const NOTICED_AT_ONCE_SHARE = 0.4;
/** Steps after its time within which a process is killed. */
const CRASH_WITHIN_STEPS = 60;
const ENTRIES_LOST_MAX = 12;
/** With fewer nodes, what is left might not take all pods of one that is gone. */
const NODES_WITHOUT_ONE_MIN = 3;
const DELAY_MAX_MS = 3_000;
const NODE_SKEW_MAX_MS = 10 * 60_000;
/** Less than a cell may take to settle, since what was decided in a future that is taken back waits for it. */
const PLANE_SKEW_MAX_MS = 60_000;
const STEEPEST_DELAY_MS = 800;

const onWire = (what: keyof Wire['trouble'], most: number): Begin => {
  return ({ planes, nodes }, { target, severity }) =>
    pick([...nodes, ...planes], target)?.wire.befall(what, severity * most);
};

const onAppends = (what: keyof AppendTrouble): Begin => {
  return ({ log }, { severity }) => addTrouble(log.trouble, what, 0.1 + severity * 0.5);
};

const onEngine = (what: keyof EngineTrouble, most: number): Begin => {
  return ({ nodes }, { target, severity }) => {
    const node = pick(nodes, target);
    return node && addTrouble(node.engine.trouble, what, severity * most);
  };
};

export const BEGIN: Readonly<Record<FaultKind, Begin>> = {
  'message-loss': onWire('loss', 0.6),
  'message-doubling': onWire('doubling', 0.6),
  'message-delay': onWire('delayMs', DELAY_MAX_MS),
  'message-reorder': onWire('reorder', 0.6),
  'append-late': onAppends('late'),
  'append-after-timeout': onAppends('afterTimeout'),
  'append-never': onAppends('never'),
  'append-stored-late': onAppends('storedLate'),
  'append-lost': onAppends('lost'),
  'log-unavailable': ({ log }) => {
    const frozen = log.current;
    frozen.freeze();
    return () => frozen.thaw();
  },
  'log-rewound': (victims, { severity }) => loseEnd(victims, 1 + Math.floor(severity * ENTRIES_LOST_MAX)),
  'log-tail-lost': ({ log, onLoss }, { severity }) => {
    const { stored } = log.current.marks;
    onLoss();
    log.hasHoles = true;
    log.current.loseTail(Math.max(stored - 1 - Math.floor(severity * ENTRIES_LOST_MAX), 0));
  },
  'power-loss': (victims, { severity }) => {
    const end = addTrouble(victims.log.trouble, 'notSynced', 0.3 + severity * 0.6);
    return () => {
      end();
      const { stored, synced } = victims.log.current.marks;
      if (stored > synced) loseEnd(victims, stored - synced);
    };
  },
  'writer-crash': (victims, { target, severity }) =>
    crash(victims, { severity, victim: () => writerOf(victims.planes, target), keepsDisk: target < 0.3 }),
  'standby-crash': (victims, { target, severity }) => {
    const victim = () =>
      pick(
        victims.planes.filter(({ isWriting }) => !isWriting),
        target,
      );
    return crash(victims, { severity, victim, keepsDisk: severity < 0.3 });
  },
  'writer-paused': ({ planes }, { target }) => {
    const { process } = writerOf(planes, target) ?? {};
    process?.pause();
    return () => process?.resume();
  },
  'writer-partition': ({ planes }, { target, severity }) => cut(writerOf(planes, target)?.wire, severity),
  'read-model-damaged': ({ planes }, { target, severity }) => {
    const plane = pick(planes, target);
    if (plane?.disk === undefined) return;
    const objects = [...plane.disk.objects];
    plane.disk = { ...plane.disk, objects: objects.toSpliced(Math.floor(severity * objects.length), 1) };
  },
  'lease-lost': ({ lease }) => lease.lose(),
  'lease-rewound': ({ lease }, { severity }) => lease.rewind(Math.floor(severity * 8)),
  'agent-crash': (victims, { target, severity }) => {
    const node = pick(victims.nodes, target);
    victims.afterSteps(Math.floor(severity * CRASH_WITHIN_STEPS), () => node?.kill());
    return () => node?.start();
  },
  'node-crash': ({ nodes }, { target }) => {
    const node = pick(nodes, target);
    void node?.losePower();
    return () => node?.start();
  },
  'node-gone': ({ nodes }, { target }) => {
    const node = pick(nodes, target);
    if (node === undefined || nodes.length < NODES_WITHOUT_ONE_MIN || nodes.some(({ isGone }) => isGone)) return;
    node.leave();
    return () => node.comeBack();
  },
  'node-partition': ({ nodes }, { target, severity }) => cut(pick(nodes, target)?.wire, severity),
  'nodes-partition': ({ nodes }, { target, severity }) => {
    const first = Math.floor(target * nodes.length);
    const count = Math.ceil(nodes.length * (0.5 + severity * 0.5));
    const ends = nodes.flatMap((node, index) =>
      (index - first + nodes.length) % nodes.length < count ? [cut(node.wire, severity)] : [],
    );
    return () => ends.forEach((end) => end());
  },
  'node-slow': ({ nodes }, { target, severity }) => {
    const node = pick(nodes, target);
    if (node === undefined) return;
    const slow = addTrouble(node.engine.trouble, 'slowMs', severity * 4_000);
    const late = node.wire.befall('delayMs', severity * STEEPEST_DELAY_MS);
    return () => [slow, late].forEach((end) => end());
  },
  'agent-paused': ({ nodes }, { target }) => {
    const node = pick(nodes, target);
    node?.pause();
    return () => node?.resume();
  },
  'clock-skew': ({ nodes, planes }, { target, severity }) => {
    const host = pick([...nodes, ...planes], target);
    if (host === undefined) return;
    const most = planes.includes(host as ControlPlaneHost) ? PLANE_SKEW_MAX_MS : NODE_SKEW_MAX_MS;
    host.skewMs = (severity * 2 - 1) * most;
    return () => (host.skewMs = 0);
  },
  'create-fails': onEngine('createFails', 0.8),
  'container-exits': onEngine('exits', 0.8),
  'out-of-memory': onEngine('outOfMemory', 0.8),
  'engine-away': onEngine('unavailable', 1),
  'container-removed': ({ nodes }, { target, severity }) => {
    void pick(nodes, target)?.engine.removeBehindBack(Math.floor(severity * 1_000));
  },
};

function pick<Item>(items: readonly Item[], target: number): Item | undefined {
  return items[Math.floor(target * items.length)];
}

function writerOf(planes: readonly ControlPlaneHost[], target: number): ControlPlaneHost | undefined {
  return planes.find(({ isWriting }) => isWriting) ?? pick(planes, target);
}

function cut(wire: Wire | undefined, severity: number): End {
  const noticedAfterMs = severity < NOTICED_AT_ONCE_SHARE ? 0 : severity * NOTICED_AFTER_MAX_MS;
  wire?.cutOff(noticedAfterMs);
  return () => wire?.mend();
}

interface Crash {
  readonly severity: number;
  readonly keepsDisk: boolean;
  victim(): ControlPlaneHost | undefined;
}

function crash({ afterSteps }: Victims, { severity, keepsDisk, victim }: Crash): End {
  let killed: ControlPlaneHost | undefined;
  afterSteps(Math.floor(severity * CRASH_WITHIN_STEPS), () => {
    killed = victim();
    if (killed?.process) killed.kill({ keepsDisk });
  });
  return () => {
    if (killed?.damage === undefined) killed?.start();
  };
}

/** The store goes back, and counts from there. */
function loseEnd({ log, truth, onLoss }: Victims, count: number): void {
  const { stored } = log.current.marks;
  if (truth.lineage !== log.current.lineage || truth.state.position.entry !== stored) return;
  onLoss();
  log.current.loseEnd(Math.max(stored - count, 0));
  truth.rewind(Math.max(stored - count, 0));
}
