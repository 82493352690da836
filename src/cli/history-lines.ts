/** What happened, line by line: commits and refusals of the log, written for people or programs. */
import type { ObjectKey } from '../../machines/index.ts';
import { kinds } from '../../machines/index.ts';
import { commitEvent, refusalEvent } from '../bus/cloud-event.ts';
import type { Recorded } from '../bus/history-messages/recorded.ts';
import { formatTime } from '../foundation/clock.ts';
import { tellEvents, withReason } from '../history/sentences.ts';
import { formatYaml } from './output.ts';
import { displayName } from './resources.ts';

export const HISTORY_FORMATS = ['json', 'yaml', 'cloudevents'] as const;
export type HistoryFormat = (typeof HISTORY_FORMATS)[number];

/** Column widths of the table: it grows while it is printed, so they are fixed. */
const WIDTHS = [10, 22, 32, 34] as const;

/** As wide as a revision of a lineage that continues another. */
const LONG_REVISION = 16;

/** Lines for people, of a cell whose last revision is this. */
export function historyTable(lastRevision: number): { readonly header: string; describe(recorded: Recorded): string } {
  const [shortRevision, ...others] = WIDTHS;
  const isLong = String(lastRevision).length > shortRevision;
  const widths = [isLong ? LONG_REVISION : shortRevision, ...others];
  return {
    header: line(widths, ['REVISION', 'TIME', 'ACTOR', 'OBJECT', 'WHAT']),
    describe: (recorded) => line(widths, cellsOf(recorded)),
  };
}

function cellsOf(recorded: Recorded): readonly string[] {
  const time = formatTime(recorded.time);
  if ('commit' in recorded) {
    const { commit } = recorded;
    const { reason } = commit;
    const what = withReason({ sentence: tellEvents(commit), ...(reason === undefined ? {} : { reason }) });
    return [String(commit.revision), time, commit.actor, objectOf(commit), what];
  }
  const { refused } = recorded;
  const what = `refused ${refused.verb} (${refused.refusal.reason}): ${refused.refusal.message}`;
  return ['-', time, refused.actor, objectOf(refused), what];
}

function objectOf({ kind, namespace, name }: ObjectKey): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

function line(widths: readonly number[], cells: readonly string[]): string {
  return `${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' ')}\n`;
}

/** As lines of text: one JSON document each, or a YAML document between dashes. */
export function formatRecord(
  format: HistoryFormat,
  { cell, lineage }: { readonly cell: string; readonly lineage: string },
  recorded: Recorded,
): string {
  if (format !== 'cloudevents') {
    const document = { ...recorded, time: formatTime(recorded.time) };
    return format === 'json' ? `${JSON.stringify(document)}\n` : `---\n${formatYaml(document)}`;
  }
  const source = { cell, lineage, time: recorded.time };
  const events =
    'commit' in recorded
      ? recorded.commit.events.map((event, index) => commitEvent(recorded.commit, event, index, source))
      : [refusalEvent(recorded, source)];
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

const DEFAULT_NAMESPACE = 'default';

/** `pod/web-1` as commands take it, with its namespace where that is neither the one that is talked of nor the usual one. */
export function nameOf({ kind, namespace, name }: ObjectKey, within: string): string {
  const known = kinds.get(kind);
  const shown = known === undefined ? `${kind}/${name}` : displayName(known, name);
  return ['', DEFAULT_NAMESPACE, within].includes(namespace) ? shown : `${shown} in namespace ${namespace}`;
}
