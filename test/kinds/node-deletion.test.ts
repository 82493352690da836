/** Rules of deleting a node: at once, or when its finalizers are off; alive meanwhile. */
import { describe, expect, test } from 'vitest';
import {
  isEvicting,
  isReachable,
  isSchedulable,
  isUnreachable,
  unschedulableReason,
} from '../../machines/node/index.ts';
import { Cell } from '../support/cell.ts';
import {
  deletingNode,
  finalizer,
  heard,
  n1,
  node,
  readyNode,
  register,
  silence,
  silentNode,
  suspended,
} from '../support/node.ts';

describe('deletion', () => {
  test.each([
    [
      'that never registered',
      () => {
        const cell = Cell.begin();
        cell.create('Node', { metadata: { name: 'n1' } });
        return cell;
      },
    ],
    ['that is ready', readyNode],
    ['that is unreachable', silentNode],
  ])('a node %s is gone at once', (_state, make) => {
    const cell = make();
    cell.accept(node('delete'));
    expect(cell.find('Node', 'n1')).toBeUndefined();
  });

  test('a node whose agent lives registers anew under a new uid', () => {
    const cell = readyNode();
    const before = n1(cell).uid;
    cell.accept(node('delete'));
    cell.accept(register);
    expect(n1(cell).uid).not.toBe(before);
  });

  test.each([
    ['never registered', []],
    ['ready', [register]],
    ['unreachable', [register, silence]],
  ])('a node that was %s stays while a finalizer holds it, takes no pods, and goes with it', (_state, commands) => {
    const cell = Cell.begin();
    cell.create('Node', finalizer);
    for (const command of commands) cell.accept(command);
    cell.accept(node('delete'));
    expect(isSchedulable(n1(cell))).toBe(false);
    expect(n1(cell).context.metadata.deletionTimestamp).toBeDefined();
    cell.accept(node('patch', { patch: { metadata: { finalizers: [] } } }));
    expect(cell.find('Node', 'n1')).toBeUndefined();
  });

  test('a node being deleted still follows its agent and its health', () => {
    const cell = deletingNode();
    cell.accept(register);
    expect(isReachable(n1(cell))).toBe(true);
    expect(unschedulableReason(n1(cell))).toBe('node(s) were being deleted');
    cell.accept(suspended);
    expect(isUnreachable(n1(cell))).toBe(true);
    cell.accept(silence);
    expect(isEvicting(n1(cell))).toBe(true);
    cell.accept(heard);
    expect(isReachable(n1(cell))).toBe(true);
  });

  test('a node being deleted can be asked to go another way, and at once when nothing holds it', () => {
    const cell = deletingNode();
    cell.accept(node('delete', { propagationPolicy: 'Foreground' }));
    expect(n1(cell).context.metadata.finalizers).toEqual(['example.com/hold', 'foregroundDeletion']);
    cell.accept(node('patch', { patch: { metadata: { finalizers: ['foregroundDeletion'] } } }));
    cell.accept(node('delete', { propagationPolicy: 'Background' }));
    expect(cell.find('Node', 'n1')).toBeUndefined();
  });
});
