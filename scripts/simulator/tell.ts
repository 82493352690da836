/** Tells what became of hunts: a line while they run, a Markdown table at the end, and which checkers have been seen failing. */
import type { Hunt } from './hunt.ts';

export function describeHunt({ bug, found, broken }: Hunt): string {
  const [first] = found;
  if (first === undefined) return `NOT FOUND  ${bug.name}${broken === undefined ? '' : ` (${broken})`}`;
  const { checker, atMs, what } = first.violation;
  const more = found.length > 1 ? ` [${found.map(({ violation }) => violation.checker).join(', ')}]` : '';
  return `found      ${bug.name}: seed ${first.seed}, ${secondsOf(atMs)}, "${checker}": ${what.slice(0, 160)}${more}`;
}

/** Ready for BENCHMARKS.md. */
export function tableOf(hunts: readonly Hunt[]): string {
  const rows = hunts.map(({ bug, found }) => {
    const [first] = found;
    const checkers = [...new Set(found.map(({ violation }) => violation.checker))].join(', ');
    const cells = [
      bug.name,
      first === undefined ? '**not found**' : checkers,
      first === undefined ? '' : String(first.seed),
      first === undefined ? '' : secondsOf(first.violation.atMs),
      bug.secondDefence ?? '',
    ];
    return `| ${cells.join(' | ')} |\n`;
  });
  const head = '| planted bug | found by | seeds | virtual time | planted away with it |\n|---|---|---|---|---|\n';
  return `${head}${rows.join('')}`;
}

/** Each checker that was seen failing, and by which bugs. */
export function checkersLine(hunts: readonly Hunt[]): string {
  const bugs = new Map<string, Set<string>>();
  for (const { bug, found } of hunts) {
    for (const { violation } of found)
      bugs.set(violation.checker, (bugs.get(violation.checker) ?? new Set()).add(bug.name));
  }
  return `\n${[...bugs]
    .toSorted()
    .map(([checker, names]) => `- ${checker}: ${[...names].join('; ')}\n`)
    .join('')}`;
}

function secondsOf(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
