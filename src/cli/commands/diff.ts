/** `diff A B [KIND[/NAME]]`: what changed between two moments, and who changed it. */
import { Option, type Command } from 'commander';
import type { CellClient } from '../../bus/cell-client.ts';
import type { ObjectVersions } from '../../bus/history-messages/diff.ts';
import { namespaceOf } from '../../bus/sent-command.ts';
import { formatTime } from '../../foundation/clock.ts';
import { diffOf, patchOf, type DiffOptions, type ObjectDiff, type WhatBecame } from '../../history/diff.ts';
import { walkDiff, type DiffWalk } from '../../history/diff-walk.ts';
import type { Moment, PastPoint } from '../../history/past.ts';
import { withCell, type CommandContext } from '../context.ts';
import { countsText, diffLines } from '../diff-lines.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { addNamespace, type GlobalOptions } from '../flags.ts';
import { momentOf } from '../moment.ts';
import { parseResources, type Named } from '../resources.ts';

interface DiffFlags extends GlobalOptions {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly specOnly?: boolean;
  readonly output?: 'json';
}

export function addDiff(program: Command, context: CommandContext): void {
  const command = program
    .command('diff <from> <to> [objects...]')
    .description('what changed between two moments: of one object (KIND/NAME), of a kind (KIND), or of all')
    .option('-A, --all-namespaces', 'in all namespaces; so too where no name and no namespace is given')
    .option('--spec-only', 'without status: only what people and controllers want')
    .addOption(new Option('-o, --output <format>', 'with a JSON Patch (RFC 6902) for each object').choices(['json']))
    .addHelpText(
      'after',
      `
A moment is a revision, a time, how long ago, or now: 1042, 2026-01-01T12:00:00Z, 15m, now.
+ created  - removed  ± removed, and another created under its name  ~ changed  · created and removed again
= changed, and changed back. resourceVersion and generation, which count changes, are shown only with -o json.`,
    );
  addNamespace(command).action(async (from: string, to: string, words: string[], _, self: Command) => {
    const options = self.optsWithGlobals<DiffFlags>();
    const now = context.clock.now();
    const selection = selectionOf(words, options);
    const moments = { ...moment('from', from, now), ...moment('to', to, now) };
    await withCell(context, options.data, (cell) => diff(context, cell, { ...selection, ...moments }, options));
  });
}

type Selection = Omit<Parameters<typeof walkDiff>[1], 'from' | 'to'>;

async function diff(
  context: CommandContext,
  cell: CellClient,
  query: Parameters<typeof walkDiff>[1],
  { specOnly = false, output }: DiffFlags,
): Promise<void> {
  const walk = await walkDiff(cell.queries, query);
  if (query.name !== undefined) await requireThere(cell, walk, query);
  const found = differences(walk.objects, { specOnly }, context.signal);
  await (output === 'json' ? printJson(context, walk, found) : printLines(context, walk, found));
}

type Difference = { readonly versions: ObjectVersions; readonly diff: ObjectDiff };

async function* differences(
  objects: AsyncIterable<ObjectVersions>,
  options: DiffOptions,
  signal: AbortSignal,
): AsyncGenerator<Difference> {
  for await (const versions of objects) {
    if (signal.aborted) return;
    const found = diffOf(versions, options);
    if (found !== undefined) yield { versions, diff: found };
  }
}

async function printLines(
  { terminal }: CommandContext,
  { from, to }: DiffWalk,
  found: AsyncIterable<Difference>,
): Promise<void> {
  const counts = new Map<WhatBecame, number>();
  for await (const { versions, diff: one } of found) {
    counts.set(one.change, (counts.get(one.change) ?? 0) + 1);
    await terminal.write(diffLines(versions, one));
  }
  await terminal.write(`${countsText(counts)} between ${describe(from)} and ${describe(to)}\n`);
}

/** One document, an object a line, written as it is found. */
async function printJson(
  { terminal }: CommandContext,
  { from, to }: DiffWalk,
  found: AsyncIterable<Difference>,
): Promise<void> {
  await terminal.write(`{"from":${JSON.stringify(pointJson(from))},"to":${JSON.stringify(pointJson(to))},"objects":[`);
  let separator = '\n';
  for await (const { versions, diff: one } of found) {
    await terminal.write(separator + JSON.stringify(differenceJson(versions, one)));
    separator = ',\n';
  }
  await terminal.write('\n]}\n');
}

function differenceJson({ kind, namespace, name, actors, more }: ObjectVersions, one: ObjectDiff): object {
  const { before, after, change } = one;
  return {
    kind,
    ...(namespace === '' ? {} : { namespace }),
    name,
    change,
    uid: { before: before?.metadata.uid ?? null, after: after?.metadata.uid ?? null },
    actors,
    moreCommits: more ?? false,
    patch: patchOf(one),
  };
}

/** Asked for by name, an object that was there at neither moment is missing, unless it came and went in between. */
async function requireThere(cell: CellClient, { from, to }: DiffWalk, query: Selection): Promise<void> {
  const { kind = '', namespace = '', name = '' } = query;
  const revisions = { from: from.revision, to: to.revision };
  const { objects } = await cell.queries.ask('diff', { ...revisions, keys: [{ kind, namespace, name }] });
  const [object] = objects;
  if (object === undefined || object.before !== null || object.after !== null || object.actors.length > 0) return;
  const named = `${kind} "${name}"${namespace === '' ? '' : ` in namespace "${namespace}"`}`;
  throw new CommandFailure(`there was no ${named} at ${describe(from)}, nor at ${describe(to)}, nor in between`);
}

function selectionOf(words: readonly string[], options: DiffFlags): Selection {
  if (options.allNamespaces === true && options.namespace !== undefined) {
    throw new CommandFailure('--namespace and --all-namespaces exclude each other', EXIT.usage);
  }
  const scope = options.namespace === undefined ? {} : { namespace: options.namespace };
  if (words.length === 0) return scope;
  const resources = parseResources(words);
  const [{ kind, names }] = resources as readonly [Named];
  if (resources.length > 1 || names.length > 1) {
    throw new CommandFailure('name one object, one kind, or nothing for all', EXIT.usage);
  }
  const [name] = names;
  if (name === undefined) return { ...(kind.namespaced ? scope : {}), kind: kind.kind };
  if (options.allNamespaces === true) {
    throw new CommandFailure('a name is looked for in one namespace: leave --all-namespaces out', EXIT.usage);
  }
  return { kind: kind.kind, namespace: namespaceOf(kind.kind, scope), name };
}

/** `15m ago` is as good as `15m`; now is what the cell says is now. */
function moment<Side extends 'from' | 'to'>(side: Side, text: string, now: number): Partial<Record<Side, Moment>> {
  if (text === 'now') return {};
  return { [side]: momentOf(side, text.replace(/ ago$/, ''), now) } as Record<Side, Moment>;
}

function describe({ revision, time }: PastPoint): string {
  return `revision ${revision} (${formatTime(time)})`;
}

function pointJson({ revision, time }: PastPoint): object {
  return { revision, time: formatTime(time) };
}
