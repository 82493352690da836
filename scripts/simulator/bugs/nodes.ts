/** Bugs around nodes: judging their silence, giving them work, what agents make of it and what they tell. */
import type { PlantedBug } from '../planted-bug.ts';

const HEALTH = 'src/control-loop/node-health.ts';
const BOOK = 'src/agent/work-book.ts';

export const NODE_BUGS: readonly PlantedBug[] = [
  {
    name: "evicted after the observer's own pause",
    mistake: 'A node that was not heard for ten seconds is silent.',
    edits: [
      {
        file: HEALTH,
        find: 'if (late || !this.#options.connected()) return',
        put: 'if (!this.#options.connected()) return',
      },
    ],
    simulate: ['--faults', 'writer-paused:6'],
  },
  {
    name: 'more than half silent, and evicted',
    mistake: 'Each node is judged by itself.',
    edits: [
      {
        file: HEALTH,
        find: 'const mass = silent >= MASS_SILENCE_MIN_NODES && silent > judged.length / 2;',
        put: 'const mass = silent > judged.length;',
      },
    ],
    simulate: ['--faults', 'nodes-partition:4'],
  },
  {
    name: 'an older work list taken',
    mistake: 'The list that comes last is the newest.',
    edits: [
      {
        file: BOOK,
        find: "if (mark !== undefined && !newLineage && isOlder(list, mark)) return { verdict: 'stale' };",
        put: "if (mark !== undefined && !newLineage && mark.term < 0 && isOlder(list, mark)) return { verdict: 'stale' };",
      },
    ],
  },
  {
    name: 'a gap between work lists overlooked',
    mistake: 'Changes are taken as they come.',
    edits: [
      {
        file: BOOK,
        find: "if (!list.full && !follows(list, mark)) return { verdict: 'gap' };",
        put: "if (!list.full && mark === undefined && !follows(list, mark)) return { verdict: 'gap' };",
      },
    ],
    simulate: ['--faults', 'message-loss:10'],
  },
  {
    name: 'work given to nodes that saw what is lost',
    mistake: 'A node that asks for work is given it.',
    edits: [{ file: 'src/cell/node-work.ts', find: 'if (!this.#compared.has(node)) return;', put: '' }],
    simulate: ['--faults', 'log-rewound:6,writer-crash:4,agent-crash:2'],
  },
  {
    name: 'a missed work list not sent again',
    mistake: 'The bus delivers what is published.',
    edits: [
      {
        file: 'src/cell/node-work.ts',
        find: 'if (this.#hasMissed(node, seen)) this.#lists.publishFull(node);',
        put: 'this.#hasMissed(node, seen);',
      },
    ],
    simulate: ['--faults', 'message-loss:10'],
  },
  {
    name: 'a waiting report dropped',
    mistake: 'What could not be sent now is sent with the next change.',
    edits: [
      {
        file: 'src/agent/reports.ts',
        find: 'if (!(await this.#exchange())) {',
        put: 'if (!(await this.#exchange())) {\n        this.#sent = [];',
      },
    ],
  },
  {
    name: 'restarts counted by reports',
    mistake: 'Each reported end of a container is one more restart.',
    edits: [
      {
        file: 'machines/pod/container.ts',
        find: 'ready: false,\n      restartCount: attempt,',
        put: 'ready: false,\n      restartCount: attempt < 0 ? attempt : status.restartCount + 1,',
      },
    ],
  },
  {
    name: 'removed work kept by the agent',
    mistake: 'A full list is merged into what is known.',
    edits: [{ file: BOOK, find: 'if (list.full) this.#pods.clear();', put: '' }],
  },
];
