/** What opens a session on a node, and how it can fail. */
import { strictObject, Type, validator, type Static } from '../../machines/index.ts';

const Text = Type.String({ maxLength: 253 });

const Target = { uid: Text, container: Type.Optional(Text) };

/** Opens `logs`. */
export const OpenLogs = strictObject({
  session: Text,
  target: strictObject({ ...Target, previous: Type.Boolean() }),
  request: strictObject({
    follow: Type.Boolean(),
    tailLines: Type.Optional(Type.Integer({ minimum: 0 })),
    timestamps: Type.Boolean(),
    since: Type.Optional(Type.Number()),
  }),
});
export type OpenLogs = Static<typeof OpenLogs>;

/** Opens `exec`. */
export const OpenExec = strictObject({
  session: Text,
  target: strictObject(Target),
  request: strictObject({
    command: Type.Array(Type.String(), { minItems: 1 }),
    stdin: Type.Boolean(),
    tty: Type.Boolean(),
  }),
});
export type OpenExec = Static<typeof OpenExec>;

export const Resize = strictObject({
  columns: Type.Integer({ minimum: 1, maximum: 65_535 }),
  rows: Type.Integer({ minimum: 1, maximum: 65_535 }),
});
export type Resize = Static<typeof Resize>;

export const openLogsValidator = validator(OpenLogs);
export const openExecValidator = validator(OpenExec);
export const resizeValidator = validator(Resize);

/** `Refused`: the node says no (no such container, bad request). `Broken`: the session ended on the way. */
export type SessionFault = 'Refused' | 'Broken';

export interface SessionFailure {
  readonly reason: SessionFault;
  readonly message: string;
}
