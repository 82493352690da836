/** What happened, line by line: commits and refusals of the log's entries, filtered and written for people or programs. */
import { keyText, type Commit, type RefusedCommand } from '../../machines/index.ts';
import { cloudEventOf } from '../bus/cloud-event.ts';
import { formatTime } from '../foundation/clock.ts';
import type { Entry } from '../log/entry.ts';

export const HISTORY_FORMATS = ['json', 'cloudevents'] as const;
export type HistoryFormat = (typeof HISTORY_FORMATS)[number];

/** What is wanted of the log. Absent means anything. */
export interface HistoryFilter {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly actor?: string;
  readonly fromRevision?: number;
  readonly toRevision?: number;
  /** Unix milliseconds. */
  readonly fromTime?: number;
  readonly toTime?: number;
}

/** One thing that happened. */
export type Happening =
  | { readonly entry: Entry; readonly commit: Commit }
  | { readonly entry: Entry; readonly refused: RefusedCommand };

/** What of an entry is wanted, refusals after the commits. */
export function happeningsOf(entry: Entry, filter: HistoryFilter): readonly Happening[] {
  if (filter.fromTime !== undefined && entry.time < filter.fromTime) return [];
  if (filter.toTime !== undefined && entry.time > filter.toTime) return [];
  const last = entry.firstRevision + entry.commits.length - 1;
  return [
    ...entry.commits
      .filter((commit) => matches(commit, filter) && isWithin(commit.revision, filter))
      .map((commit) => ({ entry, commit })),
    ...entry.refused
      .filter((refused) => matches(refused, filter) && isWithin(last, filter))
      .map((refused) => ({ entry, refused })),
  ];
}

/** Whether nothing after this entry can be wanted. */
export function isPast(entry: Entry, { toRevision, toTime }: HistoryFilter): boolean {
  return (
    (toRevision !== undefined && entry.firstRevision > toRevision) || (toTime !== undefined && entry.time > toTime)
  );
}

function matches(of: Commit | RefusedCommand, { kind, namespace, name, actor }: HistoryFilter): boolean {
  return (
    (kind === undefined || of.kind === kind) &&
    (namespace === undefined || of.namespace === namespace) &&
    (name === undefined || of.name === name) &&
    (actor === undefined || of.actor === actor)
  );
}

function isWithin(revision: number, { fromRevision, toRevision }: HistoryFilter): boolean {
  return (
    (fromRevision === undefined || revision >= fromRevision) && (toRevision === undefined || revision <= toRevision)
  );
}

/** Column widths of the table: it grows while it is printed, so they are fixed. */
const WIDTHS = [10, 22, 32, 34] as const;

export const HISTORY_HEADER = line(['REVISION', 'TIME', 'ACTOR', 'OBJECT', 'WHAT']);

/** A line for people. */
export function describeHappening(happening: Happening): string {
  const time = formatTime(happening.entry.time);
  if ('commit' in happening) {
    const { commit } = happening;
    const events = commit.events.map(describeEvent).join(', ');
    const why = commit.reason === undefined ? '' : ` (${commit.reason})`;
    return line([String(commit.revision), time, commit.actor, objectOf(commit), events + why]);
  }
  const { refused } = happening;
  const what = `refused ${refused.verb}: ${refused.refusal.message}`;
  return line(['-', time, refused.actor, objectOf(refused), what]);
}

/** What most events tell of themselves, whatever their kind. */
interface EventDetails {
  readonly container?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly type?: unknown;
}

/** Its name, and where it says so: of which container, why, and the sentence for people unless nothing is wrong. */
function describeEvent({ type, data }: Commit['events'][number]): string {
  const { container, reason, message, type: severity } = data as EventDetails;
  const details = [container, reason, severity === 'Normal' ? undefined : message];
  const said = details.filter((detail) => typeof detail === 'string' && detail !== '');
  return said.length === 0 ? type : `${type}(${said.join(': ')})`;
}

function objectOf({ kind, namespace, name }: Commit | RefusedCommand): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

function line(cells: readonly string[]): string {
  return `${cells.map((cell, index) => (index < WIDTHS.length ? cell.padEnd(WIDTHS[index] ?? 0) : cell)).join(' ')}\n`;
}

/** One JSON document a line. */
export function formatHappening(format: HistoryFormat, cell: string, happening: Happening): string {
  const { entry } = happening;
  const at = { entry: entry.number, lineage: entry.lineage, time: formatTime(entry.time) };
  if (format === 'json') {
    const what = 'commit' in happening ? { commit: happening.commit } : { refused: happening.refused };
    return `${JSON.stringify({ ...at, ...what })}\n`;
  }
  // CloudEvents are facts; a refusal is none.
  if (!('commit' in happening)) return '';
  const { commit } = happening;
  const publication = { cell, lineage: entry.lineage, time: entry.time, publisher: 'history', kindSequence: 0 };
  return commit.events
    .map((event, index) => `${JSON.stringify(cloudEventOf(commit, event, index, publication))}\n`)
    .join('');
}

/** For errors: the object a filter names. */
export function displayFilter({ kind = '', namespace = '', name = '' }: HistoryFilter): string {
  return keyText({ kind, namespace, name });
}
