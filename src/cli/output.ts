/** How answers are written: aligned tables, Kubernetes' JSON and YAML, names. */
import { stringify } from 'yaml';
import type { AnyObject } from '../bus/query-messages.ts';
import { displayName, kindNamed } from './resources.ts';

/** Spaces between columns, as kubectl has them. */
const COLUMN_GAP = 3;

/** Columns as wide as their widest cell, the last one ragged. */
export function formatTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return formatRows([columns, ...rows], widthsOf([columns, ...rows]));
}

export function widthsOf(lines: readonly (readonly string[])[]): readonly number[] {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [index, cell] of line.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return widths;
}

export function formatRows(lines: readonly (readonly string[])[], widths: readonly number[]): string {
  return lines
    .map((cells) =>
      cells
        .map((cell, index) =>
          index === cells.length - 1 ? cell : cell.padEnd(Math.max(widths[index] ?? 0, cell.length) + COLUMN_GAP),
        )
        .join('')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

export const OUTPUT_FORMATS = ['json', 'yaml', 'wide', 'name'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 4)}\n`;
}

export function formatYaml(value: unknown): string {
  // As kubectl writes it: fields sorted, lists flush, and what YAML 1.1 would read as a time or a truth value in quotes.
  return stringify(value, { version: '1.1', indentSeq: false, sortMapEntries: true });
}

/** Objects as Kubernetes shows them: the one that was named, or a List. */
export function formatObjects(
  format: 'json' | 'yaml' | 'name',
  objects: readonly AnyObject[],
  single: boolean,
): string {
  if (format === 'name') {
    return objects.map(({ kind, metadata }) => `${displayName(kindNamed(kind), metadata.name)}\n`).join('');
  }
  const [first] = objects;
  const value =
    single && first ? first : { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: objects };
  return format === 'json' ? formatJson(value) : formatYaml(value);
}
