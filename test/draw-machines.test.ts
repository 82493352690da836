/** The pictures of the machines in ARCHITECTURE.md are those of the machines. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stateDiagram } from '../scripts/machines/mermaid.ts';
import { BEGIN, END, withMachines } from '../scripts/machines/section.ts';
import { edgesOf } from './support/edges.ts';
import { listMachines } from './support/machines.ts';
import { projectRoot, runCommand } from './support/run-command.ts';

const directory = mkdtempSync(join(tmpdir(), 'periplus-draw-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const draw = (...args: string[]) => runCommand(join(projectRoot, 'scripts/draw-machines'), args);

test('ARCHITECTURE.md shows the machines as they are', () => {
  expect(draw('--check')).toEqual({ status: 0, output: '', errors: '' });
});

test('a page that is not current fails the check unchanged, and is drawn anew between its markers only', () => {
  const page = join(directory, 'page.md');
  const stale = `before\n${BEGIN}\nold\n${END}\nafter\n`;
  writeFileSync(page, stale);
  const checked = draw('--check', page);
  expect(checked.status).toBe(1);
  expect(checked.errors).toContain('run scripts/draw-machines');
  expect(readFileSync(page, 'utf8')).toBe(stale);
  expect(draw(page).status).toBe(0);
  const drawn = readFileSync(page, 'utf8');
  expect(drawn).toMatch(/^before\n/);
  expect(drawn).toMatch(/\nafter\n$/);
  expect(drawn).not.toContain('old');
  expect(draw('--check', page).status).toBe(0);
});

test('a page without the markers is an error, not a page without pictures', () => {
  expect(() => withMachines('# Architecture\n')).toThrow(BEGIN);
});

test('kinds that share a machine share its picture, with all their names', () => {
  const page = withMachines(`${BEGIN}\n${END}`);
  expect(page).toMatch(/^### .*ConfigMap.*$/m);
  expect(page.match(/ObjectCreated/g)).toHaveLength(1);
});

test.each(listMachines().map(({ machine }) => [machine.id, machine] as const))(
  'every edge of the machine "%s" is in its picture, several between the same states on one arrow',
  (_id, machine) => {
    const arrows = stateDiagram(machine).match(/^ {2}\w+ --> \w+: .*$/gm) ?? [];
    const drawn = arrows.flatMap((arrow) => {
      const [states = '', events = ''] = arrow.trim().split(': ');
      return events.split(', ').map((event) => ({ machine: machine.id, state: states.split(' ')[0], event }));
    });
    expect(drawn).toHaveLength(edgesOf(machine).length);
    expect(drawn).toEqual(expect.arrayContaining([...edgesOf(machine)]));
    expect(new Set(arrows.map((arrow) => arrow.split(':')[0])).size).toBe(arrows.length);
  },
);
