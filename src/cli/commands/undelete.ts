/** `undelete KIND/NAME`: makes a deleted object anew, by an ordinary command; with a namespace, what went away with it too. */
import { Option, type Command } from 'commander';
import { keyText, kinds, type ObjectKey } from '../../../machines/index.ts';
import type { CellClient } from '../../bus/cell-client.ts';
import type { PlanAnswer } from '../../bus/history-messages/plan.ts';
import type { Query } from '../../bus/query-messages.ts';
import { namespaceOf } from '../../bus/sent-command.ts';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { failureOf } from '../failures.ts';
import { addNamespace, type GlobalOptions } from '../flags.ts';
import { momentOf } from '../moment.ts';
import { carryOut, showPlan, tellDone, tellNotes, type PlannedOptions } from '../planned.ts';
import { displayName, parseOne } from '../resources.ts';

interface UndeleteFlags extends GlobalOptions, PlannedOptions {
  readonly namespace?: string;
  readonly at?: string;
  readonly uid?: string;
  readonly withContents?: boolean;
}

export function addUndelete(program: Command, context: CommandContext): void {
  const command = program
    .command('undelete <object> [name]')
    .description('make a deleted object anew, as it was before its deletion was asked for')
    .option('--at <when>', 'as it was then: a revision, a time, or how long ago: 1042, 2026-01-01T12:00:00Z, 15m')
    .option('--uid <uid>', 'which one of several that had the name; the newest when absent')
    .option('--with-contents', 'with a namespace: what its users had made in it too')
    .option('--dry-run', 'show what would be created, and create nothing')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['json']))
    .addHelpText(
      'after',
      `
It is a new object with a new uid; the annotation periplus.dev/undeleted-from has the old one. It comes back with its labels,
annotations, finalizers, owners that are there still, and the parts that users write. What it controlled, such as the pods of
a ReplicationController, is made anew by its controller.`,
    );
  addNamespace(command).action(async (object: string, name: string | undefined, _, self: Command) => {
    const options = self.optsWithGlobals<UndeleteFlags>();
    const target = parseOne(name === undefined ? [object] : [object, name]);
    const { kind } = target.kind;
    if (options.withContents === true && kind !== 'Namespace') {
      throw new CommandFailure('--with-contents is about a namespace', EXIT.usage);
    }
    const { uid, at } = options;
    const chosen = {
      ...(uid === undefined ? {} : { uid }),
      ...(at === undefined ? {} : { at: momentOf('--at', at, context.clock.now()) }),
    };
    const key = { kind, namespace: namespaceOf(kind, options), name: target.name };
    await withCell(context, options.data, (cell) => undelete(context, cell, key, chosen, options));
  });
}

type Choice = Pick<Query<'undelete'>, 'uid' | 'at'>;

async function undelete(
  context: CommandContext,
  cell: CellClient,
  key: ObjectKey,
  choice: Choice,
  options: UndeleteFlags,
): Promise<void> {
  const plan = await undeleteOne(context, cell, { ...key, ...choice }, options);
  if (key.kind !== 'Namespace') return;
  if (options.withContents === true) return undeleteContents(context, cell, key.name, plan.source, options);
  context.terminal.complain('note: what was in the namespace stays deleted; --with-contents brings it back too\n');
}

async function undeleteOne(
  context: CommandContext,
  cell: CellClient,
  query: ObjectKey & Choice,
  options: PlannedOptions,
): Promise<PlanAnswer> {
  const plan = await cell.queries.ask('undelete', query);
  const named = nameOf(query);
  tellNotes(context, plan);
  if (options.dryRun === true) await showPlan(context, named, plan, options);
  else await tellDone(context, { named, verb: 'undeleted', plan }, await carryOut(cell, plan), options);
  return plan;
}

/** As they were when the namespace was; one that cannot come back does not stop the others. */
async function undeleteContents(
  context: CommandContext,
  cell: CellClient,
  namespace: string,
  revision: number,
  options: PlannedOptions,
): Promise<void> {
  let failed = 0;
  for await (const key of contentsOf(cell, namespace, revision)) {
    if (context.signal.aborted) return;
    if (options.dryRun === true) {
      await context.terminal.write(`+ ${nameOf(key)}, as it was at revision ${revision}\n`);
      continue;
    }
    try {
      await undeleteOne(context, cell, { ...key, at: { revision } }, options);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined || failure.exitCode !== EXIT.failed) throw error;
      context.terminal.complain(`${keyText(key)}: ${failure.message}\n`);
      failed++;
    }
  }
  if (failed > 0) throw new CommandFailure(`${failed} objects of namespace ${namespace} were not brought back`);
}

async function* contentsOf(cell: CellClient, namespace: string, revision: number): AsyncGenerator<ObjectKey> {
  const query = { namespace, revision };
  let part = await cell.queries.ask('undelete-contents', query);
  for (;;) {
    yield* part.keys;
    if (part.next === undefined) return;
    part = await cell.queries.ask('undelete-contents', { ...query, after: part.next });
  }
}

function nameOf({ kind, name }: ObjectKey): string {
  const known = kinds.get(kind);
  return known === undefined ? `${kind}/${name}` : displayName(known, name);
}
