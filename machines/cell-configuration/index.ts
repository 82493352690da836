/** CellConfiguration: the settings that are state of the cell rather than flags of a process. There is one, named `cell`. */
import { verb, type DecideInput, type Kind } from '../kind.ts';
import { plainKind, type PlainContext } from '../plain-kind.ts';
import { refuse } from '../refusal.ts';
import { strictObject, Type, type Static } from '../schema.ts';
import { age } from '../table.ts';
import type { View } from '../view.ts';

export const CELL_CONFIGURATION_NAME = 'cell';

const Settings = strictObject({
  /** For how many revisions outcomes of commands are remembered. Below 1,000 a retry of a busy second could be too old; above ten million they would not fit in memory. */
  commandHorizon: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 10_000_000 })),
  /** Seconds without a heartbeat after which a node is unreachable. */
  nodeSilenceSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_600 })),
  /** Seconds after that until its pods are evicted, where a pod says nothing else. */
  evictionTolerationSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
  /** Entries of the log after which the writer signs a checkpoint. Each takes 500 bytes for ever, so one per entry is for tests. */
  checkpointEntries: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
  /** Entries of the log after which a snapshot is taken. A start folds at most so many: a second or two for the default. Each copies the whole read model. */
  snapshotEntries: Type.Optional(Type.Integer({ minimum: 10, maximum: 100_000_000 })),
  /** How many snapshots are kept: the newest, and older ones to fall back to. Each is as large as the read model. */
  snapshotsKept: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
});

/** All settings of a cell, defaults filled in. */
export type CellSettings = Required<Static<typeof Settings>>;

export const DEFAULT_SETTINGS: CellSettings = {
  commandHorizon: 200_000,
  nodeSilenceSeconds: 10,
  evictionTolerationSeconds: 5,
  checkpointEntries: 10_000,
  snapshotEntries: 50_000,
  snapshotsKept: 2,
};

interface CellConfigurationContext extends PlainContext {
  readonly spec?: Static<typeof Settings>;
}

/** The cell's settings as they stand. */
export function settingsOf(view: View): CellSettings {
  const record = view.get<CellConfigurationContext>('CellConfiguration', '', CELL_CONFIGURATION_NAME);
  return { ...DEFAULT_SETTINGS, ...record?.context.spec };
}

const plain = plainKind({
  kind: 'CellConfiguration',
  apiVersion: 'periplus.dev/v1',
  plural: 'cellconfigurations',
  singular: 'cellconfiguration',
  namespaced: false,
  parts: { spec: Type.Optional(Settings) },
  desired: ['spec'],
  columns: [
    { name: 'NAME', cell: (record) => record.name },
    { name: 'AGE', cell: age },
  ],
});

const { create, delete: remove } = plain.verbs;
if (create === undefined || remove === undefined) throw new Error('a plain kind has the common verbs');

export const cellConfiguration: Kind<PlainContext> = {
  ...plain,
  verbs: {
    ...plain.verbs,
    /** Under another name it would be ignored, so it is refused. */
    create: {
      ...create,
      decide: (input) => {
        const { manifest } = input.arguments as {
          readonly manifest: { readonly metadata: { readonly name?: string } };
        };
        const name = input.command.name || (manifest.metadata.name ?? '');
        if (name === CELL_CONFIGURATION_NAME) return create.decide(input);
        const message = `Invalid value: ${JSON.stringify(name)}: must be "${CELL_CONFIGURATION_NAME}": a cell has one configuration`;
        return {
          refusal: refuse.invalid(input.kind, name, [{ type: 'FieldValueInvalid', field: 'metadata.name', message }]),
        };
      },
    },
    delete: verb(remove.schema, ({ kind, command }: DecideInput<PlainContext, unknown>) => ({
      refusal: refuse.forbidden(
        kind,
        command.name,
        'the configuration of the cell may not be deleted; change it instead',
      ),
    })),
  },
};
