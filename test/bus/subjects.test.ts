// Subjects: any name fits into one token, and comes out as it went in.
import { assert, pre, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeToken, encodeToken, parseCommandSubject, subjectsOf } from '../../src/bus/subjects.ts';

const text = string({ unit: 'binary', maxLength: 40 }).filter((value) => value.isWellFormed());

describe('tokens', () => {
  test('any text comes out as it went in', () => {
    assert(property(text, (value) => decodeToken(encodeToken(value)) === value));
  });

  test('a token has no character that means something in a subject', () => {
    assert(property(text, (value) => /^[^.*>\s]+$/.test(encodeToken(value))));
  });

  test('different texts have different tokens', () => {
    assert(property(text, text, (left, right) => left === right || encodeToken(left) !== encodeToken(right)));
  });

  test('cluster scope is an underscore, and a name that is one is not', () => {
    expect(encodeToken('')).toBe('_');
    expect(encodeToken('_')).toBe('%5F');
  });

  test('an actor with a colon stays readable', () => {
    expect(encodeToken('system:node:n1')).toBe('system:node:n1');
  });

  test('a token that is not ours decodes to nothing', () => {
    expect(decodeToken('%zz')).toBeUndefined();
  });
});

describe('subjects', () => {
  const subjects = subjectsOf('cell.1');

  test('a command carries its actor, kind and verb', () => {
    expect(subjects.command('a.b', 'Pod', 'create')).toBe('cell%2E1.cmd.a%2Eb.Pod.create');
    assert(
      property(text, text, text, (actor, kind, verb) => {
        pre(actor !== '' && kind !== '' && verb !== '');
        expect(parseCommandSubject(subjects.command(actor, kind, verb))).toEqual({ actor, kind, verb });
      }),
    );
  });

  test.each(['c.cmd', 'c.cmd.a', 'c.cmd.a.Pod', 'c.cmd.a.Pod.create.more', 'c.cmd._.Pod.create'])(
    '%s is no subject of a command',
    (subject) => expect(parseCommandSubject(subject)).toBeUndefined(),
  );

  test('an event names its object', () => {
    const subject = subjects.event({ kind: 'Pod', namespace: 'default', name: 'web.1' });
    expect(subject).toBe('cell%2E1.events.Pod.default.web%2E1');
    expect(subjects.event({ kind: 'Node', namespace: '', name: 'n1' })).toBe('cell%2E1.events.Node._.n1');
  });
});
