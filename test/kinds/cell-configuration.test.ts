/** Rules of the cell's settings: defaults, ranges, and that there is one of them. */
import { describe, expect, test } from 'vitest';
import { settingsOf } from '../../machines/index.ts';
import { Cell } from '../support/cell.ts';

const configure = (spec: object) => ({
  kind: 'CellConfiguration',
  name: 'cell',
  verb: 'patch',
  arguments: { patch: { spec } },
});

describe('the configuration of the cell', () => {
  test('is read with defaults for what it does not say', () => {
    const cell = Cell.begin();
    cell.accept(configure({ nodeSilenceSeconds: 30, evictionTolerationSeconds: null }));
    expect(settingsOf(cell.state)).toMatchObject({ nodeSilenceSeconds: 30, evictionTolerationSeconds: 5 });
    expect(settingsOf(new Cell().state).commandHorizon).toBe(200_000);
  });

  test.each([
    ['commandHorizon', 999],
    ['commandHorizon', 10_000_001],
    ['nodeSilenceSeconds', 0],
    ['nodeSilenceSeconds', 3601],
    ['evictionTolerationSeconds', -1],
    ['evictionTolerationSeconds', 86_401],
  ])('refuses %s %d as out of range', (field, value) => {
    expect(Cell.begin().refusal(configure({ [field]: value })).message).toContain(
      `spec.${field}: Invalid value: ${value}`,
    );
  });

  test('is one, named cell, and may not be deleted', () => {
    const cell = Cell.begin();
    const manifest = { metadata: { name: 'other' } };
    const second = { kind: 'CellConfiguration', name: 'other', verb: 'create', arguments: { manifest } };
    expect(cell.refusal(second).message).toContain('metadata.name: Invalid value: "other": must be "cell"');
    expect(cell.refusal({ kind: 'CellConfiguration', name: 'cell', verb: 'delete' }).reason).toBe('Forbidden');
  });
});
