/** What a new cell is given before anything else: commands with fixed ids, so that sending them again changes nothing. */
import { CELL_CONFIGURATION_NAME, DEFAULT_SETTINGS } from './cell-configuration/index.ts';
import type { CommandDraft } from './kind.ts';
import { PROTECTED_NAMESPACES } from './namespace/index.ts';

/** Creates the namespaces `default` and `kube-system` and the cell's configuration; where they exist each is refused with AlreadyExists. */
export function bootstrapCommands(): readonly CommandDraft[] {
  const namespaces = PROTECTED_NAMESPACES.map((name) => draft('Namespace', name, { metadata: { name } }));
  const manifest = { metadata: { name: CELL_CONFIGURATION_NAME }, spec: DEFAULT_SETTINGS };
  return [...namespaces, draft('CellConfiguration', CELL_CONFIGURATION_NAME, manifest)];
}

function draft(kind: string, name: string, manifest: object): CommandDraft {
  return {
    id: `bootstrap/${kind}/${name}`,
    kind,
    namespace: '',
    name,
    verb: 'create',
    arguments: { manifest },
    reason: 'every cell has it',
  };
}
