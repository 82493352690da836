/** The answers of `why` for people: a table of what led to it, and a tree of what it led to. */
import { displayKey } from '../../machines/index.ts';
import type { Consequences, WhyAnswer } from '../bus/history-messages/why.ts';
import type { ToldCommit } from '../bus/history-messages/told-commit.ts';
import { formatTime } from '../foundation/clock.ts';
import { withReason } from '../history/sentences.ts';
import { nameOf } from './history-lines.ts';
import { formatRows, widthsOf } from './output.ts';

const COLUMNS = ['REVISION', 'TIME', 'BY', 'WHAT'];
/** In front of what the commit above it led to. */
const LED_TO = '→ ';
const INDENT = '  ';

export function describeWhy(answer: WhyAnswer): string {
  const { object, story, ledTo } = answer;
  const told = new Set(story.map(({ revision }) => revision));
  const led = ({ cause }: ToldCommit) => cause !== undefined && told.has(cause);
  const rows = story.map((commit) => row(commit, object.namespace, led(commit) ? LED_TO : ''));
  const consequences = [...treeRows(ledTo, object.namespace, 1)];
  const widths = widthsOf([COLUMNS, ...rows, ...consequences]);
  const table = formatRows([COLUMNS, ...rows], widths);
  const tree = consequences.length === 0 ? '' : `\nThis led to\n${formatRows(consequences, widths)}`;
  return `${headline(answer)}\n\n${table}${tree}${notes(answer)}`;
}

function headline({ object, state, story, at }: WhyAnswer): string {
  const name = displayKey(object);
  if (state !== null) return `${name}: ${state}`;
  const gone = story.findLast(({ uid, revision }) => uid === object.uid && revision <= at.revision);
  return gone === undefined
    ? `${name} is gone`
    : `${name} is gone since ${formatTime(gone.time)} (revision ${gone.revision})`;
}

function row(commit: ToldCommit, namespace: string, lead: string): readonly string[] {
  const what = `${lead}${nameOf(commit, namespace)} ${withReason(commit)}`;
  return [String(commit.revision), formatTime(commit.time), commit.actor, what];
}

function* treeRows(
  { shown, more, uncounted }: Consequences,
  namespace: string,
  depth: number,
): Generator<readonly string[], void, undefined> {
  const lead = INDENT.repeat(depth - 1) + LED_TO;
  for (const { commit, consequences } of shown) {
    yield row(commit, namespace, lead);
    yield* treeRows(consequences, namespace, depth + 1);
  }
  if (more > 0) yield ['', '', '', `${lead}and ${more}${uncounted ? ' or more' : ''} more`];
}

function notes({ object, cut, leftOut, uncounted, otherLives }: WhyAnswer): string {
  const lines: string[] = [];
  const name = nameOf(object, object.namespace);
  const where = object.namespace === '' || object.namespace === 'default' ? '' : ` -n ${object.namespace}`;
  if (leftOut > 0 || uncounted)
    lines.push(
      `${leftOut}${uncounted ? ' or more' : ''} earlier commits about it are left out: periplus history ${name}${where}`,
    );
  const [furthest] = cut;
  if (furthest !== undefined) {
    const revisions = `revision${cut.length > 1 ? 's' : ''} ${cut.join(', ')}`;
    lines.push(`What led to ${revisions} is left out: periplus why ${furthest}`);
  }
  if (otherLives.length > 0) {
    const others = otherLives.map(({ uid, first, last }) => `${uid} (revisions ${first} to ${last})`).join(', ');
    lines.push(`Others had that name; ask with --uid: ${others}`);
  }
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
}
