/** Behind scripts/record-history: plays the scenario with today's code and keeps its log as a new recorded history. */
import { writeFileSync } from 'node:fs';
import { playScenario } from '../../test/histories/scenario/index.ts';
import {
  entriesPath,
  finalStateOf,
  finalStatePath,
  historiesDirectory,
  historyNames,
  replay,
} from '../../test/histories/recorded.ts';

const [label, directory = historiesDirectory] = process.argv.slice(2);

if (label === undefined || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(label)) {
  console.error('usage: scripts/record-history LABEL [DIRECTORY]   (LABEL: a few words, as in "volumes-added")');
  process.exitCode = 2;
} else record(label, directory);

function record(what: string, where: string): void {
  const { payloads } = playScenario();
  const state = replay(payloads.map((payload, index) => ({ number: index + 1, payload })));
  const last = Number(historyNames(where).at(-1)?.split('-')[0] ?? 0);
  const name = `${String(last + 1).padStart(4, '0')}-${what}`;
  // A history that is there is never written again: logs out in the world do not change either.
  const options = { flag: 'wx' } as const;
  writeFileSync(
    entriesPath(name, where),
    payloads.map((payload) => `${Buffer.from(payload).toString()}\n`).join(''),
    options,
  );
  writeFileSync(finalStatePath(name, where), `${JSON.stringify(finalStateOf(state), null, 2)}\n`, options);
  console.log(`recorded ${payloads.length} entries as ${name}`);
}
