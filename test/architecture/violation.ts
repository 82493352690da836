// What a broken architecture rule says: where, and why it is a rule.
import type { SourceFile } from './source-file.ts';

export type Violation = { readonly path: string; readonly line: number; readonly reason: string };

/** Looks at one file; rules about more than one file have their own shape. */
export type Rule = (file: SourceFile) => readonly Violation[];

export const describeViolation = ({ path, line, reason }: Violation): string => `${path}:${line}  ${reason}`;

/** The folder of `machines/` that a path is in; undefined for the files directly in it, and for everything else. */
export function kindOf(path: string): string | undefined {
  const [top, kind, rest] = path.split('/');
  return top === 'machines' && rest !== undefined ? kind : undefined;
}

/** The folder of `src/` that a path is in, or the file itself for those directly in it. */
export function partOf(path: string): string | undefined {
  const [top, part] = path.split('/');
  return top === 'src' ? part : undefined;
}
