/** The lines of a history, whose columns must stay under one another. */
import { describe, expect, test } from 'vitest';
import type { Recorded } from '../../src/bus/history-messages/recorded.ts';
import { historyTable } from '../../src/cli/history-lines.ts';

function refusalAt(revision: number): Recorded {
  return {
    refused: {
      commandId: 'c',
      attempt: 1,
      kind: 'Node',
      namespace: '',
      name: 'n1',
      verb: 'cordon',
      actor: 'jane',
      refusal: { reason: 'NotFound', message: 'nodes "n1" not found' },
    },
    revision,
    time: 0,
    entry: 1,
  };
}

describe('the columns of a history', () => {
  test.each([57, 1_795_390_195_473_017])('stand under their names, revision %i being the last', (lastRevision) => {
    const { header, describe: lineOf } = historyTable(lastRevision);
    const line = lineOf(refusalAt(lastRevision));
    expect(line.indexOf('jane')).toBe(header.indexOf('ACTOR'));
    expect(line.indexOf('Node n1')).toBe(header.indexOf('OBJECT'));
    expect(header.indexOf('TIME')).toBeGreaterThan(String(lastRevision).length);
  });
});
