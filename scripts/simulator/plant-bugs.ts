/** The program behind scripts/plant-bugs: plants one bug after the other in a copy of the sources and sees whether `simulate` finds it. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PLANTED_BUGS } from './bugs/index.ts';
import { hunt, unplanted, type Hunt } from './hunt.ts';
import { copySources } from './source-copy.ts';
import { checkersLine, describeHunt, tableOf } from './tell.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    'planted-only': { type: 'boolean', default: false },
    failures: { type: 'string', default: '3' },
  },
});
const chosen = PLANTED_BUGS.filter(
  ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
);
if (chosen.length === 0) {
  process.stderr.write(`There is no planted bug whose name has ${positionals.join(' or ')} in it; see --list.\n`);
  process.exit(2);
}
if (values.list) {
  for (const { name, mistake } of chosen) process.stdout.write(`${name}: ${mistake}\n`);
  process.exit(0);
}

using copy = copySources(join(import.meta.dirname, '..', '..'));
const say = (text: string) => process.stderr.write(`${text}\n`);
const clean = values['planted-only'] ? undefined : unplanted(copy.root, chosen);
if (clean !== undefined) say(`without any bug: ${clean}`);
const hunts: Hunt[] = [];
for (const bug of chosen) {
  const result = hunt(copy.root, bug, Number(values.failures));
  hunts.push(result);
  say(describeHunt(result));
}
process.stdout.write(values.json ? `${JSON.stringify(hunts, undefined, 2)}\n` : tableOf(hunts));
if (!values.json && positionals.length === 0) process.stdout.write(checkersLine(hunts));
const missed = hunts.filter(({ found }) => found.length === 0);
process.exitCode = missed.length > 0 || clean !== undefined ? 1 : 0;
