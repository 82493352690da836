/** Bugs in the writer: deciding, appending, answering, and who writes. */
import type { PlantedBug } from '../planted-bug.ts';

const WRITER = 'src/writer/writer.ts';
const APPENDER = 'src/writer/appender.ts';
const BATCH = 'src/writer/batch.ts';

export const WRITER_BUGS: readonly PlantedBug[] = [
  {
    name: 'answer before the acknowledgement',
    mistake: 'The outcome is known once it is decided, so the caller need not wait for the disk.',
    edits: [
      {
        file: WRITER,
        find: 'const prepared = batch.prepare();\n    const settled = await this.#append(prepared, term.signal);',
        put: 'const prepared = batch.prepare();\n    for (const { queued, outcome } of decided) queued.answer(outcome);\n    const settled = await this.#append(prepared, term.signal);',
      },
    ],
  },
  {
    name: 'expected sequence from the server',
    mistake: 'The server knows best what its last entry is, so it is asked before each append.',
    edits: [
      {
        file: APPENDER,
        find: 'const first = await log.append(number, prepared.payload);',
        put: 'const last = await log.lastNumber().catch(() => number - 1);\n  const first = await log.append(last + 1, prepared.payload);',
      },
    ],
  },
  {
    name: 'append without expected sequence',
    mistake: 'The lease is held, so nobody else can have written: the header is left out.',
    edits: [
      {
        file: 'src/log/memory-log.ts',
        find: 'const accepted = number === this.#last + 1;\n    const lastNumber = this.#last;',
        put: 'const accepted = true;\n    const lastNumber = this.#last;\n    number = lastNumber + 1;',
      },
    ],
  },
  {
    name: 'no-op answered without an entry',
    mistake: 'What changes nothing need not be written down.',
    edits: [
      {
        file: WRITER,
        find: 'const { decided, left } = decideAll(batch, commands);',
        put: "const { decided, left } = decideAll(batch, commands);\n    if (decided.length > 0 && decided.every(({ outcome }) => outcome.outcome === 'unchanged')) {\n      for (const { queued, outcome } of decided) queued.answer(outcome);\n      return left;\n    }",
      },
    ],
  },
  {
    name: 'unknown append treated as refused',
    mistake: 'No answer means that it was not written, and the callers are told so.',
    edits: [
      {
        file: APPENDER,
        find: "if (first.outcome === 'refused') return { outcome: 'lost', lastNumber: first.lastNumber };",
        put: "if (first.outcome === 'refused') return { outcome: 'lost', lastNumber: first.lastNumber };\n  if (first.outcome === 'unknown') return { outcome: 'lost', lastNumber: number - 1 };",
      },
      {
        file: WRITER,
        find: "if (settled.outcome === 'lost') {\n      answerAll(commands, NOT_THE_WRITER);",
        put: "if (settled.outcome === 'lost') {\n      answerAll(commands, { outcome: 'refused', revision: 0, refusal: { reason: 'InternalError', message: 'it could not be written' } });",
      },
    ],
  },
  {
    name: 'unknown append taken for done',
    mistake: 'The server is only slow: it will have stored it.',
    edits: [
      {
        file: APPENDER,
        find: "if (first.outcome === 'appended') return { outcome: 'appended' };",
        put: "if (first.outcome !== 'refused') return { outcome: 'appended' };",
      },
    ],
  },
  {
    name: 'batch adopted though its append was lost',
    mistake: 'The overlay becomes the base first, the outcome of the append is looked at afterwards.',
    edits: [
      {
        file: WRITER,
        find: "if (settled.outcome === 'lost') {\n      answerAll",
        put: "if (settled.outcome === 'lost') {\n      this.#adopt(prepared);\n      answerAll",
      },
    ],
  },
  {
    name: 'queue kept after losing the lease',
    mistake: 'The commands may be decided once the lease is back.',
    edits: [{ file: WRITER, find: 'this.#queue.answerAll(NOT_THE_WRITER);\n    }', put: '}' }],
  },
  {
    name: 'deduplication forgotten',
    mistake: 'A command is decided as it comes, whatever its id.',
    edits: [
      {
        file: BATCH,
        find: "if (known && (known.outcome !== 'refused' || known.attempt >= attempt)) return answerOf(known);",
        put: '',
      },
    ],
  },
  {
    name: 'no deduplication within a batch',
    mistake: 'Ids are looked up in the state, which the commands of this very batch are not part of yet.',
    edits: [
      {
        file: BATCH,
        find: "if (here && (here.outcome.outcome !== 'refused' || here.attempt >= attempt)) return here.outcome;",
        put: 'if (here && here.attempt < 0) return here.outcome;',
      },
    ],
  },
  {
    name: 'too old a command decided all the same',
    mistake: 'An id that is not remembered was never seen.',
    edits: [
      {
        file: BATCH,
        find: 'return seen !== undefined && forgottenThrough > 0 && seen <= forgottenThrough && seen < revision;',
        put: 'return seen !== undefined && seen < 0 && forgottenThrough > revision;',
      },
    ],
  },
  {
    name: 'time taken from the wall clock alone',
    mistake: 'The clock of a new writer is as good as that of the one before.',
    edits: [
      {
        file: BATCH,
        find: 'this.#now = Math.max(options.now, options.state.time);',
        put: 'this.#now = options.now;',
      },
    ],
  },
  {
    name: 'foreign entries not folded before the claim',
    mistake: 'Whoever lost tries again at once; what the other one wrote will be folded later.',
    edits: [
      {
        file: WRITER,
        find: 'return catchUp(fold, log, lastNumber, { clock, readBackMs: this.#limits.readBackMs, signal });',
        put: 'return clock.sleep(this.#limits.unknownRetryMinMs, signal);',
      },
    ],
  },
  {
    name: "another's entry taken for a bug",
    mistake: 'With the lease held, a refused append cannot happen: an assertion says so.',
    edits: [
      {
        file: WRITER,
        find: "if (settled.outcome === 'lost') {\n      answerAll",
        put: "if (settled.outcome === 'lost') {\n      if (settled.lastNumber > prepared.entry.number - 1) throw new Error('somebody else wrote');\n      answerAll",
      },
    ],
  },
  {
    name: 'lease believed after its expiry',
    mistake: 'A lease that could not be renewed is still ours until somebody says otherwise.',
    edits: [
      {
        file: 'src/writer/leadership.ts',
        find: "if (!(await lease.renew())) return logger.warn('the lease was taken over');",
        put: "if (!(await lease.renew())) logger.warn('the lease was taken over');",
      },
      {
        file: 'src/writer/leadership.ts',
        find: 'if (clock.monotonic() - renewed > LEASE_MS) return;',
        put: '',
      },
    ],
    simulate: ['--faults', 'lease-lost:8,writer-paused:4,lease-rewound:4'],
  },
];
