/** Applies manifests over the bus: looks at what is there, then creates or patches, in as few messages as possible. */
import type { Command, CommandDraft, Outcome } from '../../machines/index.ts';
import { applyPatch, withLastApplied, type GivenManifest } from './apply.ts';
import { NotDecidedError, RefusedError } from './outcome-errors.ts';
import { GET_MAX_KEYS, type AnyObject } from './query-messages.ts';
import type { QueryClient } from './query-client.ts';
import { namespaceOf, type SentCommand } from './sent-command.ts';

export type ApplyOutcome =
  | { readonly result: 'created' | 'configured' | 'unchanged'; readonly name: string; readonly revision: number }
  | { readonly result: 'failed'; readonly name: string; readonly error: RefusedError | NotDecidedError };

/** What applying needs of a client. */
export interface ApplyTools {
  readonly queries: QueryClient;
  submit(drafts: readonly CommandDraft[]): Promise<readonly Outcome[]>;
  complete(command: SentCommand): CommandDraft;
}

/** Applies in order; a failed one does not stop the others. */
export async function applyAll(
  tools: ApplyTools,
  manifests: readonly GivenManifest[],
): Promise<readonly ApplyOutcome[]> {
  if (manifests.length === 0) return [];
  const commands = await applications(tools, manifests);
  const outcomes = [...(await tools.submit(commands))];
  // Somebody created or deleted the object between our look and our command: once more, knowing that.
  const late = outcomes.flatMap((outcome, index) => (isOvertaken(outcome) ? [index] : []));
  if (late.length > 0) {
    const again = await applications(
      tools,
      late.map((index) => manifests[index] as GivenManifest),
    );
    const answers = await tools.submit(again);
    for (const [at, index] of late.entries()) {
      outcomes[index] = answers[at] as Outcome;
      commands[index] = again[at] as CommandDraft;
    }
  }
  return outcomes.map((outcome, index) => applyOutcome(commands[index] as CommandDraft, outcome));
}

/** The command that creates what a manifest says. */
export function creationOf(manifest: GivenManifest): SentCommand {
  const { name = '', namespace } = manifest.metadata;
  const verb = { verb: 'create', arguments: { manifest } };
  return { kind: manifest.kind, name, ...verb, ...(namespace === undefined ? {} : { namespace }) };
}

/** A creation where there is no such object, a patch where there is. */
async function applications(tools: ApplyTools, manifests: readonly GivenManifest[]): Promise<CommandDraft[]> {
  const keys = manifests.map(({ kind, metadata }) => ({
    kind,
    namespace: namespaceOf(kind, metadata),
    name: metadata.name ?? '',
  }));
  const items: (AnyObject | null)[] = [];
  for (let start = 0; start < keys.length; start += GET_MAX_KEYS) {
    items.push(...(await tools.queries.get({ keys: keys.slice(start, start + GET_MAX_KEYS) })).items);
  }
  return manifests.map((manifest, index) => {
    const live = items[index];
    if (!live) return tools.complete(creationOf(withLastApplied(manifest)));
    const { name = '', namespace } = manifest.metadata;
    const given = { patch: applyPatch(manifest, live) };
    const where = namespace === undefined ? {} : { namespace };
    return tools.complete({ kind: manifest.kind, name, verb: 'patch', arguments: given, ...where });
  });
}

function isOvertaken(outcome: Outcome): boolean {
  if (outcome.outcome !== 'refused') return false;
  return outcome.refusal.reason === 'AlreadyExists' || outcome.refusal.reason === 'NotFound';
}

function applyOutcome({ name, verb }: Pick<Command, 'name' | 'verb'>, outcome: Outcome): ApplyOutcome {
  if (outcome.outcome === 'refused') return { result: 'failed', name, error: new RefusedError(outcome.refusal) };
  if (outcome.outcome === 'not-decided') return { result: 'failed', name, error: new NotDecidedError(outcome) };
  if (outcome.outcome === 'unchanged') return { result: 'unchanged', name, revision: outcome.revision };
  return { result: verb === 'create' ? 'created' : 'configured', name: outcome.name, revision: outcome.revision };
}
