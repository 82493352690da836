/** Options that several commands share, and what their values must look like. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { OUTPUT_FORMATS } from './output.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

/** Options of every command. */
export interface GlobalOptions {
  readonly data: string;
}

export function addNamespace(command: Command): Command {
  return command.option('-n, --namespace <namespace>', 'the namespace (default: "default")');
}

export function addSelector(command: Command): Command {
  return command.option('-l, --selector <selector>', 'labels to select by, such as app=web,tier!=cache');
}

export function addOutput(command: Command, formats: readonly string[] = OUTPUT_FORMATS): Command {
  return command.addOption(new Option('-o, --output <format>', 'how to print').choices(formats));
}

export function addFiles(command: Command): Command {
  return command.option('-f, --filename <file...>', 'a YAML or JSON file, a directory, or - for standard input');
}

/** A whole number, not negative. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

export function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError('It must be at least 1.');
  return value;
}

/** A revision: of a lineage that continues another it has 16 digits. */
export function revisionNumber(text: string): number {
  const revision = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (revision === 0 || !Number.isSafeInteger(revision)) {
    throw new InvalidArgumentError('It must be a revision, as history shows them.');
  }
  return revision;
}

/** `true` or `false`, as kubectl's flags take them. */
export function trueOrFalse(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('It must be true or false.');
  return text === 'true';
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `15m`, `1h30m`, `2d`; undefined for what is none. */
export function parseSpan(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return parts.reduce((sum, [, count = '0', unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
}

/** A span in milliseconds. */
export function span(text: string): number {
  const parsed = text === '0' ? 0 : parseSpan(text);
  if (parsed === undefined) throw new InvalidArgumentError('It must be a time such as 90s, 15m or 1h30m.');
  return parsed;
}

/** The namespace to look in: one, or all. */
export function namespaceChoice(options: { readonly namespace?: string; readonly allNamespaces?: boolean }): {
  readonly namespace?: string;
} {
  if (options.allNamespaces && options.namespace !== undefined) {
    throw new CommandFailure('--namespace and --all-namespaces exclude each other', EXIT.usage);
  }
  return options.allNamespaces ? {} : { namespace: options.namespace ?? 'default' };
}
