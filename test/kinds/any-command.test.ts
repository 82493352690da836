/** Every verb of every kind, with whatever its schema lets through: decided one way or the other, and nothing raises. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kinds, type Kind, type Verb } from '../../machines/index.ts';
import { Cell } from '../support/cell.ts';
import { valuesOf } from '../support/schema-values.ts';
import { createPod, createWeb, registerNode, run, webManifest } from '../support/workload.ts';

const RUNS = 40;
/** Commands in a row on one object: what one left behind, the next must bear. */
const IN_A_ROW = 6;

function cellWithEverything(): Cell {
  const cell = Cell.begin();
  registerNode(cell, 'n1');
  createWeb(cell);
  cell.create('ReplicationController', { ...webManifest(), metadata: { name: 'a' } });
  createPod(cell, 'a');
  run(cell, 'a', 'n1');
  cell.create('ConfigMap', { metadata: { name: 'a', finalizers: ['x/y'] } });
  cell.create('Namespace', { metadata: { name: 'a' } });
  return cell;
}

/** Of one that is there, as a rule. */
const names: Readonly<Record<string, string>> = { Node: 'n1', CellConfiguration: 'cell' };
const OTHERS = ['a', 'main', 'n1', 'fresh', ''];
const verbs: [string, Kind, Verb][] = [...kinds.values()].flatMap((kind) =>
  Object.entries(kind.verbs).map(([name, verb]): [string, Kind, Verb] => [name, kind, verb]),
);
const cases = verbs.map(([name, kind, verb]) => ({ title: `${kind.kind} ${name}`, name, kind, verb }));

describe('any arguments', () => {
  test.each(cases)('of $title', ({ name, kind, verb }) => {
    const own = fc.constant(names[kind.kind] ?? (name === 'create' ? 'main' : 'a'));
    const target = fc.oneof({ weight: 4, arbitrary: own }, fc.constantFrom(...OTHERS));
    const given = fc.record({ name: target, arguments: valuesOf(verb.schema) });
    fc.assert(
      fc.property(fc.array(given, { minLength: 1, maxLength: IN_A_ROW }), (commands) => {
        const cell = cellWithEverything();
        for (const command of commands) {
          const { outcome } = cell.send({ kind: kind.kind, verb: name, ...command });
          expect(['accepted', 'refused', 'unchanged']).toContain(outcome);
        }
        for (const record of cell.list('Pod')) {
          cell.send({ kind: 'Pod', name: record.name, verb: 'bind', arguments: { node: 'n1' } });
          cell.send({ kind: 'Pod', name: record.name, verb: 'delete' });
        }
        for (const record of cell.list(kind.kind)) {
          for (const column of kind.columns) expect(column.cell(record, cell.now)).toBeTypeOf('string');
          for (const { at } of kind.deadlines?.(record) ?? []) expect(Number.isFinite(at)).toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
