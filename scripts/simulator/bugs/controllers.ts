/** Bugs in controllers and scheduler, and in the premises that are checked where their commands are decided. */
import type { PlantedBug } from '../planted-bug.ts';

const RECONCILE = 'machines/replication-controller/reconcile.ts';
const RULES = 'machines/pod/rules.ts';
const BIND = 'machines/pod/decide-bind.ts';
const NODE_LOSS = 'machines/pod/decide-node-loss.ts';
const SCHEDULER = 'src/scheduler/scheduler.ts';

const NO_PREMISE = {
  file: RULES,
  find: 'admit: (_parts, metadata, input) => refusePremise(metadata, input),',
  put: 'admit: (_parts, metadata, input) => (metadata.name === "" ? refusePremise(metadata, input) : undefined),',
} as const;

const NO_ROOM_CHECK = {
  file: BIND,
  find: 'const lacking = missingRoom(pod, view, node);',
  put: 'const lacking = name === "" ? missingRoom(pod, view, node) : [];',
} as const;

export const CONTROLLER_BUGS: readonly PlantedBug[] = [
  {
    name: 'slot ids without the vacating revision',
    mistake: 'A slot of a controller is named by the slot.',
    edits: [
      {
        file: 'machines/replication-controller/drafts.ts',
        find: 'id: `${controller.uid}/slot/${slot}/${revision}`,',
        put: 'id: revision < 0 ? "" : `${controller.uid}/slot/${slot}`,',
      },
    ],
  },
  {
    name: 'stale view acted upon without premise',
    mistake: 'The controller has just looked: the slot is vacant and one is missing.',
    edits: [NO_PREMISE],
    simulate: ['--faults', 'append-late:10'],
  },
  {
    name: 'looked at again before the answer',
    mistake: 'A key is looked at whenever something changes, its commands on their way or not.',
    secondDefence: 'the premise of a creation',
    edits: [
      { file: 'src/control-loop/keyed-queue.ts', find: 'queued.held = true;', put: 'queued.held = false;' },
      NO_PREMISE,
    ],
  },
  {
    name: 'one replica too many',
    mistake: 'Off by one in what is missing.',
    secondDefence: 'the premise that fewer live than wanted',
    edits: [
      {
        file: RECONCILE,
        find: 'const missing = wanted - live.length - orphans',
        put: 'const missing = wanted + 1 - live.length - orphans',
      },
      { file: RULES, find: 'return live < wanted ? undefined', put: 'return live <= wanted ? undefined' },
    ],
  },
  {
    name: 'one replica too few',
    mistake: 'Off by one in what is too much.',
    secondDefence: 'the premise that more live than wanted',
    edits: [
      {
        file: RECONCILE,
        find: 'const surplus = live.length - wanted;',
        put: 'const surplus = live.length - wanted + 1;',
      },
      {
        file: 'machines/object-delete.ts',
        find: 'return liveDependents(rules, input, ownerUid) > wantedReplicas',
        put: 'return liveDependents(rules, input, ownerUid) >= wantedReplicas',
      },
    ],
  },
  {
    name: 'the last surplus replica left',
    mistake: 'Off by one in scaling down.',
    edits: [
      {
        file: RECONCILE,
        find: 'const surplus = live.length - wanted;',
        put: 'const surplus = live.length - wanted - 1;',
      },
    ],
  },
  {
    name: 'no look at the start of a term',
    mistake: 'Controllers hear of every change, so they need not look at what is there.',
    edits: [{ file: 'src/cell/term.ts', find: 'for (const controller of controllers) controller.resync();', put: '' }],
  },
  {
    name: 'deadlines not taken up by a new writer',
    mistake: 'Deadlines are armed when they are set.',
    edits: [{ file: 'src/cell/term.ts', find: 'deadlines.resync();', put: '' }],
    simulate: ['--faults', 'node-gone:6,writer-crash:10'],
  },
  {
    name: 'evicted before the hour',
    mistake: 'A timer that fires is due, whatever clock it was set by.',
    secondDefence: 'the decider, which looks at the hour itself',
    edits: [
      {
        file: 'src/control-loop/deadlines.ts',
        find: 'const waitMs = Math.min(armed.deadline.at - clock.now(), DEADLINE_CHECK_MAX_MS);',
        put: 'const waitMs = Math.min(armed.deadline.at - clock.now(), DEADLINE_CHECK_MAX_MS) / 2;',
      },
      {
        file: 'src/control-loop/deadlines.ts',
        find: 'if (clock.now() < armed.deadline.at) return this',
        put: 'if (clock.now() < 0) return this',
      },
      { file: NODE_LOSS, find: 'if (now < evictAt) return', put: 'if (now < 0) return' },
    ],
    simulate: ['--faults', 'node-crash:4'],
  },
  {
    name: 'bare pods evicted',
    mistake: 'A pod on a lost node is evicted, as all the others are.',
    edits: [
      {
        file: NODE_LOSS,
        find: 'return controllerOf(context.metadata) !== undefined && !isBeingDeleted(context.metadata);',
        put: 'return controllerOf(context.metadata) !== null && !isBeingDeleted(context.metadata);',
      },
    ],
  },
  {
    name: 'bound beyond capacity',
    mistake: 'The scheduler forgets what it placed in the same pass, and nobody checks where it is decided.',
    secondDefence: 'the premise that the node has room',
    edits: [
      {
        file: 'src/scheduler/plan.ts',
        find: 'candidate.take(this.#demand);',
        put: 'candidate.refresh(candidate.node);',
      },
      { file: SCHEDULER, find: 'placement.candidate?.release(demand);', put: 'demand.hostPorts.at(0);' },
      NO_ROOM_CHECK,
    ],
    simulate: ['--faults', 'agent-crash'],
  },
  {
    name: 'room of a placed pod counted twice',
    mistake: 'What was planned stays counted when it has come true.',
    edits: [{ file: SCHEDULER, find: 'placement.candidate?.release(demand);', put: 'demand.hostPorts.at(0);' }],
    simulate: ['--faults', 'agent-crash'],
  },
  {
    name: 'garbage forgotten',
    mistake: 'Whoever deletes an owner deletes what it owns.',
    edits: [
      {
        file: 'machines/garbage-collector.ts',
        find: 'if (after === undefined) return before === undefined ? keys : [...keys, ...afterRemoval(kinds, before, view)];',
        put: 'if (after === undefined) return before === undefined ? [...keys, ...afterRemoval(kinds, before!, view)] : keys;',
      },
    ],
    simulate: ['--faults', 'agent-crash'],
  },
  {
    name: 'return of a node ignored',
    mistake: 'A node that is heard again reports its pods by itself.',
    edits: [
      {
        file: 'machines/node-lifecycle.ts',
        find: 'else if (isReachable(node) && isNodeLost(pod)) commands.push(markReturned(node, pod));',
        put: 'else if (isReachable(node) && isNodeLost(pod) && pod.revision < 0) commands.push(markReturned(node, pod));',
      },
    ],
  },
  {
    name: 'preconditions ignored',
    mistake: 'The object is there, and the patch applies.',
    edits: [
      {
        file: 'machines/decide.ts',
        find: 'if (revision !== undefined && revision !== (current?.revision ?? 0)) {',
        put: 'if (revision !== undefined && revision < 0) {',
      },
    ],
  },
];
