// Calls that have one home or none: time, timers and randomness, I/O in machines, leaving the process.
import type { SourceFile } from './source-file.ts';
import { baseName } from './source-file.ts';
import type { Rule, Violation } from './violation.ts';

const TIME_AND_CHANCE = new Set([
  'Date',
  'performance',
  'Temporal',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'Math.random',
  'process.hrtime',
  'crypto.randomUUID',
  'crypto.getRandomValues',
  'AbortSignal.timeout',
]);

/** These read no clock. Machines have no other way to understand a time they were given; src has its foundation. */
const PURE_DATES = new Set(['new Date(value)', 'Date.parse', 'Date.UTC']);

/** Modules that give the same by import. `node:crypto` is needed for hashes, so only these names of it are banned. */
const TIME_MODULES = new Set(['node:timers', 'node:timers/promises', 'node:perf_hooks']);
const RANDOM_NAMES = new Set([
  'default',
  'randomUUID',
  'randomBytes',
  'randomInt',
  'randomFill',
  'randomFillSync',
  'getRandomValues',
  'webcrypto',
]);

const OUTSIDE_WORLD = new Set(['process', 'console', 'fetch', 'globalThis', 'Buffer', 'queueMicrotask', 'Bun', 'Deno']);

const MAY_EXIT = ['src/main.ts', 'src/cell/', 'src/cli/'];

/** `Date` bans `Date.now` and `new Date(value)` too. */
const bans = (banned: ReadonlySet<string>, name: string): boolean => banned.has(name) || banned.has(baseName(name));

const notHere = (name: string): string =>
  `${name}: time, timers and randomness are only in src/foundation; take its Clock or identifiers as an argument`;

export const timeAndChanceComeFromFoundation: Rule = (file) => {
  if (!/^(src|machines|migrations)\//.test(file.path) || file.path.startsWith('src/foundation/')) return [];
  const pure = file.path.startsWith('machines/') ? PURE_DATES : new Set<string>();
  const used = file.globals.filter(({ name }) => bans(TIME_AND_CHANCE, name) && !pure.has(name));
  return [...used.map(({ name, line }) => violation(file, line, notHere(name))), ...importedChance(file)];
};

function importedChance(file: SourceFile): Violation[] {
  return file.imports.flatMap(({ specifier, names, line, typeOnly }) => {
    if (typeOnly) return [];
    if (TIME_MODULES.has(specifier)) return [violation(file, line, notHere(specifier))];
    if (specifier !== 'node:crypto') return [];
    // A namespace import has no names, and would hide which of them is used.
    if (names.length === 0) return [violation(file, line, 'import what is needed of node:crypto by name')];
    return names.filter((name) => RANDOM_NAMES.has(name)).map((name) => violation(file, line, notHere(name)));
  });
}

export const machinesTouchNothing: Rule = (file) =>
  file.path.startsWith('machines/')
    ? file.globals
        .filter(({ name }) => bans(OUTSIDE_WORLD, name))
        .map(({ name, line }) => violation(file, line, `${name}: machines are pure, without clock, chance or I/O`))
    : [];

export const onlyEntryPointsExit: Rule = (file) =>
  file.path.startsWith('src/') && !MAY_EXIT.some((home) => file.path.startsWith(home))
    ? file.globals
        .filter(({ name }) => name === 'process.exit' || name === 'process.abort')
        .map(({ name, line }) => violation(file, line, `${name} is only for ${MAY_EXIT.join(', ')}; raise an error`))
    : [];

const violation = (file: SourceFile, line: number, reason: string): Violation => ({ path: file.path, line, reason });
