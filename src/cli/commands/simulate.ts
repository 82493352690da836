/** `simulate`: runs whole cells in memory on virtual time, with faults, and says what should never be. Needs no running cell. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { FAULT_KINDS, type FaultKind } from '../../simulator/fault-kinds.ts';
import { minimise, type Minimised } from '../../simulator/minimise.ts';
import { DEFAULT_CONDITIONS, describeItem, EVERY_FAULT, optionsOf, type Conditions } from '../../simulator/runs.ts';
import { simulate, type SimulationResult } from '../../simulator/simulation.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { positiveNumber, wholeNumber } from '../flags.ts';
import { formatJson, formatTable } from '../output.ts';

const HOUR_MS = 3_600_000;

interface Options {
  readonly seed?: number;
  readonly seeds?: readonly [number, number];
  readonly count: number;
  readonly nodes: number;
  readonly podsPerNode: number;
  readonly hours?: number;
  readonly steps?: number;
  readonly faults: Conditions['faults'];
  readonly only?: readonly number[];
  readonly minimise: boolean;
  readonly output?: 'json';
}

export function addSimulate(program: Command, context: CommandContext): void {
  const { nodes, podsPerNode } = DEFAULT_CONDITIONS;
  program
    .command('simulate')
    .description('run whole cells in memory on virtual time, with faults and users, and check what must always hold')
    .option('--seed <number>', 'the first seed (default: a random one)', wholeNumber)
    .option('--seeds <from..to>', 'these seeds', seedRange)
    .option('--count <number>', 'how many seeds, from the first on', positiveNumber, 1)
    .option('--nodes <number>', 'nodes of each cell', positiveNumber, nodes)
    .option('--pods-per-node <number>', 'about how many pods a node gets', positiveNumber, podsPerNode)
    .option('--hours <number>', 'virtual time with faults and users (default: 5 minutes)', hours)
    .option('--steps <number>', 'end that part after so many steps', positiveNumber)
    .addOption(
      new Option('--faults <list>', 'all, none, or KIND[:RATE],... ; see the summary for the kinds')
        .argParser(faultList)
        // Commander would print the rate of each kind.
        .default(EVERY_FAULT, 'all'),
    )
    .option('--only <numbers>', 'keep only these items of the plan, as a minimised trace names them', numbers)
    .option('--no-minimise', 'do not look for a smaller run that fails')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['json']))
    .action(async (options: Options) => runAll(options, context));
}

async function runAll(options: Options, { terminal, identifiers, clock, signal }: CommandContext): Promise<void> {
  const conditions = conditionsOf(options);
  const [first, last] = options.seeds ?? range(options.seed ?? Math.floor(identifiers.random() * 1e9), options.count);
  const results: SimulationResult[] = [];
  const began = clock.monotonic();
  for (let seed = first; seed <= last && !signal.aborted; seed++) {
    const planned = optionsOf(seed, conditions);
    const result = await simulate(planned);
    results.push(result);
    if (terminal.isTerminal) terminal.complain(`\r${results.length} of ${last - first + 1} seeds`);
    if (result.violation === undefined) continue;
    if (terminal.isTerminal) terminal.complain('\r');
    const small = options.minimise ? await minimise(planned, result) : undefined;
    const failure = { seed, repeat: repeatCommand(seed, options), result, ...(small && { minimised: small }) };
    await terminal.write(
      options.output === 'json' ? formatJson(failure) : describeFailure(failure, planned.items, options),
    );
    throw new CommandFailure('', EXIT.failed);
  }
  if (terminal.isTerminal) terminal.complain('\r');
  const summary = summarise(results, { first, tookMs: clock.monotonic() - began });
  await terminal.write(options.output === 'json' ? formatJson(summary) : describeSummary(summary));
}

function range(first: number, count: number): readonly [number, number] {
  return [first, first + count - 1];
}

function conditionsOf({ nodes, podsPerNode, hours: given, steps, faults, only }: Options): Conditions {
  return {
    ...DEFAULT_CONDITIONS,
    nodes,
    podsPerNode,
    faults,
    ...(given === undefined ? {} : { durationMs: given * HOUR_MS }),
    ...(steps === undefined ? {} : { stepsMax: steps }),
    ...(only === undefined ? {} : { only }),
  };
}

interface Failure {
  readonly seed: number;
  readonly repeat: string;
  readonly result: SimulationResult;
  readonly minimised?: Minimised;
}

function repeatCommand(seed: number, options: Options, only = options.only): string {
  const { nodes, podsPerNode, hours: given, steps, faults } = options;
  const kinds = Object.entries(faults).map(([kind, rate]) => (rate === 1 ? kind : `${kind}:${rate}`));
  const all = kinds.length === FAULT_KINDS.length && kinds.every((kind) => !kind.includes(':'));
  return [
    `scripts/periplus simulate --seed ${seed} --nodes ${nodes} --pods-per-node ${podsPerNode}`,
    ...(given === undefined ? [] : [`--hours ${given}`]),
    ...(steps === undefined ? [] : [`--steps ${steps}`]),
    ...(all ? [] : [`--faults ${kinds.join(',') || 'none'}`]),
    ...(only === undefined ? [] : [`--only ${only.join(',')}`]),
  ].join(' ');
}

type Items = ReturnType<typeof optionsOf>['items'];

function describeFailure({ seed, repeat, result, minimised }: Failure, items: Items, options: Options): string {
  const lines = [...violationLines(seed, result), `Repeat it with: ${repeat}`];
  if (minimised === undefined) return `${lines.join('\n')}\n`;
  const { kept, result: small, tries } = minimised;
  // What was left out of an already shortened plan keeps its first numbers.
  const numbersKept = kept.map((index) => options.only?.[index] ?? index);
  return `${[
    ...lines,
    '',
    `Minimised in ${tries} runs from ${items.length} to ${kept.length} faults and actions:`,
    ...kept.map((index) => `  ${items[index] ? describeItem(items[index]) : ''}`),
    ...violationLines(seed, small),
    `Repeat that with: ${repeatCommand(seed, options, numbersKept)} --no-minimise`,
  ].join('\n')}\n`;
}

function violationLines(seed: number, { violation }: SimulationResult): readonly string[] {
  if (violation === undefined) return [];
  const { checker, atMs, step, revision, what } = violation;
  return [
    `Seed ${seed}: "${checker}" is violated after ${(atMs / 1000).toFixed(3)} s (step ${step}, revision ${revision}): ${what}`,
  ];
}

interface Summary {
  readonly seeds: { readonly first: number; readonly last: number };
  readonly runs: number;
  readonly steps: number;
  readonly virtualHours: number;
  readonly entries: number;
  readonly commits: number;
  readonly actions: number;
  readonly lossesAccepted: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly longestToSettleSeconds: number;
  readonly tookSeconds: number;
  readonly timesRealTime: number;
  readonly lastHash: string;
}

function summarise(
  results: readonly SimulationResult[],
  { first, tookMs }: { readonly first: number; readonly tookMs: number },
): Summary {
  const total = (value: (result: SimulationResult) => number) =>
    results.reduce((sum, result) => sum + value(result), 0);
  const virtualMs = total((result) => result.virtualMs);
  const faults: Record<string, number> = {};
  for (const result of results) {
    for (const [kind, count] of Object.entries(result.faults)) faults[kind] = (faults[kind] ?? 0) + count;
  }
  return {
    seeds: { first, last: first + results.length - 1 },
    runs: results.length,
    steps: total(({ steps }) => steps),
    virtualHours: Number((virtualMs / HOUR_MS).toFixed(2)),
    entries: total(({ entries }) => entries),
    commits: total(({ commits }) => commits),
    actions: total(({ actions }) => actions),
    lossesAccepted: total(({ lossesAccepted }) => lossesAccepted),
    faults,
    longestToSettleSeconds: Math.round(Math.max(0, ...results.map(({ settledMs }) => settledMs)) / 1000),
    tookSeconds: Number((tookMs / 1000).toFixed(1)),
    timesRealTime: Math.round(virtualMs / tookMs),
    lastHash: results.at(-1)?.hash ?? '',
  };
}

function describeSummary(summary: Summary): string {
  const { seeds, faults, lastHash, ...figures } = summary;
  const rows = [
    ['seeds', `${seeds.first}..${seeds.last}`],
    ...Object.entries(figures).map(([name, value]) => [spaced(name), String(value)]),
  ];
  const kinds = Object.entries(faults)
    .toSorted()
    .map(([kind, count]) => [kind, String(count)]);
  const table = kinds.length > 0 ? `\n${formatTable(['FAULT', 'TIMES'], kinds)}` : '';
  return `Nothing was found.\n${formatTable(['WHAT', 'HOW MUCH'], rows)}${table}\nLast entry's hash: ${lastHash}\n`;
}

/** `virtualHours` as people read it. */
function spaced(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function seedRange(text: string): readonly [number, number] {
  const match = /^(\d{1,15})\.\.(\d{1,15})$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || last < first) throw new InvalidArgumentError('It must be two whole numbers such as 1..200.');
  return [first, last];
}

function hours(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 100_000)) throw new InvalidArgumentError('It must be a number of hours above 0.');
  return value;
}

function numbers(text: string): readonly number[] {
  return text === '' ? [] : text.split(',').map((part) => wholeNumber(part));
}

function faultList(text: string): Conditions['faults'] {
  if (text === 'all') return EVERY_FAULT;
  if (text === 'none') return {};
  const faults: Partial<Record<FaultKind, number>> = {};
  for (const part of text.split(',')) {
    const [name = '', rate = '1'] = part.split(':');
    const kind = FAULT_KINDS.find((known) => known === name);
    if (kind === undefined)
      throw new InvalidArgumentError(`There is no fault "${name}"; there are ${FAULT_KINDS.join(', ')}.`);
    if (!(Number(rate) >= 0)) throw new InvalidArgumentError(`The rate of ${kind} must be a number.`);
    faults[kind] = Number(rate);
  }
  return faults;
}
