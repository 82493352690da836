/** `delete`: by name, label, manifest or all of a kind; waits until what it deleted is gone. */
import { Option, type Command } from 'commander';
import type { Kind, Outcome } from '../../../machines/index.ts';
import type { CellClient } from '../../bus/cell-client.ts';
import { NotDecidedError, RefusedError } from '../../bus/outcome-errors.ts';
import { namespaceOf } from '../../bus/sent-command.ts';
import { GET_MAX_KEYS } from '../../bus/query-messages.ts';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { failureOf } from '../failures.ts';
import {
  addFiles,
  addNamespace,
  addOutput,
  addSelector,
  namespaceChoice,
  span,
  trueOrFalse,
  wholeNumber,
  type GlobalOptions,
} from '../flags.ts';
import { readManifests } from '../manifest-files.ts';
import { displayName, kindNamed, parseResources } from '../resources.ts';
import { waitUntilGone, type Deleted } from '../wait-until-gone.ts';

interface DeleteFlags extends GlobalOptions {
  readonly filename?: readonly string[];
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly all?: boolean;
  readonly gracePeriod?: number;
  readonly now?: boolean;
  readonly cascade: 'background' | 'foreground' | 'orphan';
  readonly wait: boolean;
  readonly timeout?: number;
  readonly ignoreNotFound?: boolean;
  readonly output?: 'name';
}

/** What is to be deleted. */
interface Target {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

export function addDelete(program: Command, context: CommandContext): void {
  const command = program
    .command('delete [kind] [names...]')
    .description('delete objects and wait until they are gone')
    .option('--all', 'all objects of the kind in the namespace')
    .option('-A, --all-namespaces', 'in all namespaces')
    .option('--grace-period <seconds>', 'seconds the containers get to end; 0 removes at once', wholeNumber)
    .option('--now', 'the same as --grace-period=1')
    .addOption(
      new Option('--cascade <how>', 'what becomes of the objects it owns')
        .choices(['background', 'foreground', 'orphan'])
        .default('background'),
    )
    .option('--wait <boolean>', 'wait until they are gone', trueOrFalse, true)
    .option('--timeout <time>', 'how long to wait, such as 30s; for ever when absent', span)
    .option('--ignore-not-found', 'a missing object is no failure');
  addOutput(addSelector(addNamespace(addFiles(command))), ['name']).action(
    async (kind: string | undefined, names: string[], _, self: Command) => {
      const options = self.optsWithGlobals<DeleteFlags>();
      const words = kind === undefined ? [] : [kind, ...names];
      await withCell(context, options.data, (cell) => remove(context, cell, words, options));
    },
  );
}

async function remove(
  context: CommandContext,
  cell: CellClient,
  words: readonly string[],
  options: DeleteFlags,
): Promise<void> {
  const targets = await targetsOf(context, cell, words, options);
  const there = await uidsOf(cell, targets);
  const outcomes = await cell.submit(targets.map((target) => deletion(context, target, options)));
  const deleted: Deleted[] = [];
  let failed = false;
  for (const [index, outcome] of outcomes.entries()) {
    const { kind, namespace, name } = targets[index] as Target;
    const error = errorOf(outcome);
    if (error === undefined) {
      deleted.push({ kind: kind.kind, namespace, name, uid: there[index] });
      const said = options.output === 'name' ? displayName(kind, name) : `${singularOf(kind)} "${name}" deleted`;
      await context.terminal.write(`${said}\n`);
    } else if (!(options.ignoreNotFound && error instanceof RefusedError && error.refusal.reason === 'NotFound')) {
      failed = true;
      context.terminal.complain(`${failureOf(error)?.message ?? error.message}\n`);
    }
  }
  if (targets.length === 0) context.terminal.complain('No resources found\n');
  if (options.wait) await waitUntilGone(context, cell, deleted, options.timeout);
  if (failed) throw new CommandFailure('');
}

function singularOf(kind: Kind): string {
  return kind.group === '' ? kind.singular : `${kind.singular}.${kind.group}`;
}

/** The uids they have now, so that a wait ends even where another object takes a name. */
async function uidsOf(cell: CellClient, targets: readonly Target[]): Promise<readonly (string | undefined)[]> {
  const uids: (string | undefined)[] = [];
  for (let start = 0; start < targets.length; start += GET_MAX_KEYS) {
    const keys = targets
      .slice(start, start + GET_MAX_KEYS)
      .map(({ kind, namespace, name }) => ({ kind: kind.kind, namespace, name }));
    uids.push(...(await cell.queries.get({ keys })).items.map((item) => item?.metadata.uid));
  }
  return uids;
}

const POLICIES = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const;

function deletion({ identifiers }: CommandContext, { kind, namespace, name }: Target, options: DeleteFlags) {
  const grace = options.now ? 1 : options.gracePeriod;
  const given = {
    propagationPolicy: POLICIES[options.cascade],
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
  };
  return { id: identifiers.uuid(), kind: kind.kind, namespace, name, verb: 'delete', arguments: given };
}

function errorOf(outcome: Outcome): RefusedError | NotDecidedError | undefined {
  if (outcome.outcome === 'refused') return new RefusedError(outcome.refusal);
  return outcome.outcome === 'not-decided' ? new NotDecidedError(outcome) : undefined;
}

async function targetsOf(
  context: CommandContext,
  cell: CellClient,
  words: readonly string[],
  options: DeleteFlags,
): Promise<readonly Target[]> {
  if (options.filename) {
    const manifests = await readManifests(options.filename, context.terminal.input, options.namespace);
    return manifests.map(({ kind, metadata }) => ({
      kind: kindNamed(kind),
      namespace: namespaceOf(kindNamed(kind).kind, metadata),
      name: metadata.name ?? '',
    }));
  }
  const targets: Target[] = [];
  for (const { kind, names } of parseResources(words)) {
    if (names.length > 0) {
      if (options.all || options.selector !== undefined) {
        throw new CommandFailure('names exclude --all and --selector', EXIT.usage);
      }
      targets.push(...names.map((name) => ({ kind, namespace: namespaceOf(kind.kind, options), name })));
    } else if (options.all || options.selector !== undefined) {
      targets.push(...(await listed(cell, kind, options)));
    } else {
      throw new CommandFailure(`name the ${kind.plural} to delete, or use --all or --selector`, EXIT.usage);
    }
  }
  return targets;
}

async function listed(cell: CellClient, kind: Kind, options: DeleteFlags): Promise<readonly Target[]> {
  const { items } = await cell.list<string>(kind.kind, {
    ...(kind.namespaced ? namespaceChoice(options) : {}),
    ...(options.selector === undefined ? {} : { labelSelector: options.selector }),
  });
  return items.map(({ metadata: { namespace = '', name } }) => ({ kind, namespace, name }));
}
