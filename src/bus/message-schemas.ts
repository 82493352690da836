/** Schemas of what the cell says: outcomes of commands, entries of the log. Mirrors the types; a test holds real ones against them. */
import { strictObject, Type } from '../../machines/index.ts';

const Refusal = Type.Object({
  reason: Type.String(),
  message: Type.String(),
  causes: Type.Optional(Type.Array(Type.Unknown())),
});

const Outcome = Type.Union([
  strictObject({
    outcome: Type.Literal('accepted'),
    revision: Type.Integer(),
    uid: Type.String(),
    name: Type.String(),
  }),
  strictObject({ outcome: Type.Literal('unchanged'), revision: Type.Integer(), uid: Type.Optional(Type.String()) }),
  strictObject({ outcome: Type.Literal('refused'), revision: Type.Integer(), refusal: Refusal }),
  strictObject({ outcome: Type.Literal('not-decided'), why: Type.String(), message: Type.String() }),
]);

/** What a command message is answered with: outcomes in the order of its commands. */
export const CommandReplySchema = strictObject({ outcomes: Type.Array(Outcome) });

const Key = { kind: Type.String(), namespace: Type.String(), name: Type.String() };
const Sent = {
  commandId: Type.String(),
  attempt: Type.Integer({ minimum: 1 }),
  verb: Type.String(),
  actor: Type.String(),
  cause: Type.Optional(Type.Integer()),
  reason: Type.Optional(Type.String()),
};

export const EventSchema = strictObject({ type: Type.String(), version: Type.Integer(), data: Type.Unknown() });

const CommitSchema = strictObject({
  ...Key,
  ...Sent,
  revision: Type.Integer(),
  uid: Type.String(),
  correlation: Type.Integer(),
  events: Type.Array(EventSchema, { minItems: 1 }),
});

/** One message of the log. */
export const EntrySchema = strictObject({
  version: Type.Integer(),
  number: Type.Integer({ minimum: 1 }),
  lineage: Type.String(),
  firstRevision: Type.Integer(),
  writer: Type.String(),
  time: Type.Number(),
  previous: Type.String(),
  state: Type.String(),
  fold: Type.Integer(),
  commits: Type.Array(CommitSchema),
  refused: Type.Array(strictObject({ ...Key, ...Sent, refusal: Refusal })),
  unchanged: Type.Array(strictObject({ commandId: Type.String(), attempt: Type.Integer() })),
  lineageStart: Type.Optional(
    strictObject({
      continues: Type.String(),
      lastGoodEntry: Type.Integer(),
      lastGoodHash: Type.String(),
      why: Type.String(),
    }),
  ),
});
