/** The answers of `who` for people: a line for each field, for each actor's commit, or for each value of one field. */
import { displayKey } from '../../machines/index.ts';
import type { ToldCommit } from '../bus/history-messages/told-commit.ts';
import type { WhoAnswer } from '../bus/history-messages/who.ts';
import { formatTime } from '../foundation/clock.ts';
import { withReason } from '../history/sentences.ts';
import { formatTable } from './output.ts';

export const WHO_GROUPS = ['field', 'actor'] as const;
export type WhoGroup = (typeof WHO_GROUPS)[number];

/** Longer values are cut: `get -o yaml` shows them. */
const VALUE_MAX_LENGTH = 48;

export function describeWho(answer: WhoAnswer, group: WhoGroup): string {
  return `${headline(answer)}${tableOf(answer, group)}${notes(answer)}`;
}

function headline({ object, removed }: WhoAnswer): string {
  if (removed === null) return '';
  const what = `${withReason(removed)} (revision ${removed.revision})`;
  return `${displayKey(object)} is gone since ${formatTime(removed.time)}, by ${removed.actor}: ${what}\n\n`;
}

function tableOf({ fields, values, commits }: WhoAnswer, group: WhoGroup): string {
  const byRevision = new Map(commits.map((commit) => [commit.revision, commit]));
  const commitOf = (revision: number | null) => (revision === null ? undefined : byRevision.get(revision));
  if (values.length > 0) {
    const rows = values.map(({ revision, value }) => {
      const { number, time, actor, how } = cellsOf(commitOf(revision));
      return [number, time, actor, shown(value), how];
    });
    return formatTable(['REVISION', 'TIME', 'ACTOR', 'VALUE', 'HOW'], rows);
  }
  if (group === 'actor') return actorsTable(fields, commitOf);
  const rows = fields.map(({ field, value, revision }) => {
    const { number, time, actor, how } = cellsOf(commitOf(revision));
    return [field, shown(value), number, time, actor, how];
  });
  return formatTable(['FIELD', 'VALUE', 'REVISION', 'TIME', 'ACTOR', 'HOW'], rows);
}

/** Actors by how many fields are theirs. */
function actorsTable(
  fields: WhoAnswer['fields'],
  commitOf: (revision: number | null) => ToldCommit | undefined,
): string {
  const names = new Map<string, string[]>();
  for (const { field, revision } of fields) {
    const actor = commitOf(revision)?.actor ?? UNKNOWN;
    names.set(actor, [...(names.get(actor) ?? []), field]);
  }
  const rows = [...names]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .flatMap(([actor, own]) =>
      own.map((field, index) => (index === 0 ? [actor, String(own.length), field] : ['', '', field])),
    );
  return formatTable(['ACTOR', 'FIELDS', ''], rows);
}

/** Of a field that was last changed before the first commit that was looked at. */
const UNKNOWN = '?';

function cellsOf(commit: ToldCommit | undefined) {
  if (commit === undefined) return { number: UNKNOWN, time: UNKNOWN, actor: UNKNOWN, how: '' };
  const { revision, time, actor, verb, reason } = commit;
  const how = reason === undefined ? verb : `${verb}: ${reason}`;
  return { number: String(revision), time: formatTime(time), actor, how };
}

function shown(value: unknown): string {
  if (value === undefined) return '(none)';
  const text = typeof value === 'string' && /^[^\s]+$/.test(value) ? value : JSON.stringify(value);
  return text.length > VALUE_MAX_LENGTH ? `${text.slice(0, VALUE_MAX_LENGTH - 1)}…` : text;
}

function notes({ complete, looked, lookedFrom }: WhoAnswer): string {
  if (complete) return '';
  const older = `what is older is ${UNKNOWN}`;
  return `\nOnly the last ${looked} commits about it were looked at, from revision ${lookedFrom} on; ${older}: ask with --at ${lookedFrom - 1}\n`;
}
