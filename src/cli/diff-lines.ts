/** Diffs as people read them: a line for each object, and below it a line for each field. */
import { displayKey } from '../../machines/index.ts';
import type { ActorShare, ObjectVersions } from '../bus/history-messages/diff.ts';
import type { FieldChange } from '../history/diff-fields.ts';
import { readableChanges, type ObjectDiff, type WhatBecame } from '../history/diff.ts';

const SIGNS: Readonly<Record<WhatBecame, string>> = {
  created: '+',
  removed: '-',
  replaced: '±',
  changed: '~',
  passing: '·',
  restored: '=',
};

const FIELD_SIGNS: Readonly<Record<FieldChange['change'], string>> = {
  added: '+',
  removed: '-',
  changed: '~',
  reordered: '~',
};

/** Longest value that is printed whole: two of them and a path fit a wide terminal. `-o json` has all. */
export const VALUE_MAX = 100;
/** Most lines of a text that are printed for one change. */
export const TEXT_LINES_MAX = 40;

/** What became of an object, who did it, and its fields where it was there before and after. */
export function diffLines(versions: ObjectVersions, diff: ObjectDiff): string {
  const { change, before, after } = diff;
  const said = { created: 'created', removed: 'removed', passing: 'created and removed again', changed: '' };
  const more = {
    replaced: `removed, and another created: uid ${before?.metadata.uid ?? ''} → ${after?.metadata.uid ?? ''}`,
    restored: 'changed, and changed back',
  };
  const what = { ...said, ...more }[change];
  const head = [`${SIGNS[change]} ${displayKey(versions)}`, what, actorsText(versions)].filter((text) => text !== '');
  const fields = change === 'changed' || change === 'replaced' ? readableChanges(diff) : [];
  return `${head.join('  ')}\n${fieldLines(fields)}`;
}

/** The lines of several fields, indented. */
export function fieldLines(changes: readonly FieldChange[]): string {
  return changes
    .flatMap(fieldLine)
    .map((line) => `    ${line}\n`)
    .join('');
}

function actorsText({ actors, more }: ObjectVersions): string {
  if (actors.length === 0) return '';
  return `(${actors.map(shareText).join(', ')}${more === true ? ', and others before' : ''})`;
}

function shareText({ actor, commits, first, last }: ActorShare): string {
  if (commits === 1) return `${actor}: revision ${last}`;
  return `${actor}: ${commits} commits, revisions ${first} to ${last}`;
}

function fieldLine(field: FieldChange): readonly string[] {
  const head = `${FIELD_SIGNS[field.change]} ${field.path}`;
  switch (field.change) {
    case 'added':
      return isText(field.after) ? textLines(head, '', field.after) : [`${head}: ${valueText(field.after)}`];
    case 'removed':
      return isText(field.before) ? textLines(head, field.before, '') : [`${head}: ${valueText(field.before)}`];
    case 'reordered':
      return [`${head}: in another order: ${valueText(field.before)} → ${valueText(field.after)}`];
    default:
      if (typeof field.before === 'string' && typeof field.after === 'string')
        if (isText(field.before) || isText(field.after)) return textLines(head, field.before, field.after);
      return [`${head}: ${valueText(field.before)} → ${valueText(field.after)}`];
  }
}

/** Text of several lines, such as a file in a ConfigMap. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trimEnd().includes('\n');
}

/** The lines between those that both texts begin with and those that both end with. */
function textLines(head: string, before: string, after: string): readonly string[] {
  const [was, is] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < was.length && start < is.length && was[start] === is[start]) start++;
  let end = 0;
  while (end < was.length - start && end < is.length - start && was.at(-1 - end) === is.at(-1 - end)) end++;
  const lines = [
    ...(before === '' ? [] : was.slice(start, was.length - end).map((line) => `  - ${clipped(line)}`)),
    ...(after === '' ? [] : is.slice(start, is.length - end).map((line) => `  + ${clipped(line)}`)),
  ];
  const left = lines.length - TEXT_LINES_MAX;
  const shown = left > 0 ? [...lines.slice(0, TEXT_LINES_MAX), `  … ${left} more lines`] : lines;
  return [`${head}: from line ${start + 1}`, ...shown];
}

const PLAIN_TEXT = /^[\w./@:+-]([\w ./@:,=+()-]*[\w./@:,=+()-])?$/;

function valueText(value: unknown): string {
  // Text that could be taken for a number, for true or null, is told apart by its quotes.
  const plain = typeof value === 'string' && PLAIN_TEXT.test(value) && !/^(true|false|null|[-+.\d].*)$/.test(value);
  return clipped(plain ? value : JSON.stringify(value));
}

function clipped(text: string): string {
  return text.length <= VALUE_MAX ? text : `${text.slice(0, VALUE_MAX)}… (${text.length} characters)`;
}

/** `2 created, 1 changed`; `nothing` where there is nothing. */
export function countsText(counts: ReadonlyMap<WhatBecame, number>): string {
  const words: Readonly<Record<WhatBecame, string>> = {
    created: 'created',
    removed: 'removed',
    replaced: 'replaced by another of the same name',
    changed: 'changed',
    passing: 'created and removed again',
    restored: 'changed and changed back',
  };
  const parts = Object.entries(words).flatMap(([change, word]) => {
    const count = counts.get(change as WhatBecame) ?? 0;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  return parts.length === 0 ? 'nothing changed' : parts.join(', ');
}
