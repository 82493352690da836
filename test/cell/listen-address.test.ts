// An address nobody can listen on is refused before a cell is started.
import { expect, test } from 'vitest';
import { listenFault } from '../../src/cell/listen-address.ts';

test('an address of the machine, or all of them, can be listened on', () => {
  for (const address of ['127.0.0.1', '0.0.0.0', '::']) expect(listenFault(address)).toBeUndefined();
  expect(listenFault('192.0.2.7', ['192.0.2.7'])).toBeUndefined();
});

test('any other is refused with those there are', () => {
  expect(listenFault('203.0.113.1', ['127.0.0.1'])).toBe(
    '--listen: 203.0.113.1 is no address of this machine; it has 0.0.0.0, ::, 127.0.0.1',
  );
  expect(listenFault('somewhere', ['127.0.0.1'])).toBe(
    '--listen: "somewhere" is no IP address; this machine has 0.0.0.0, ::, 127.0.0.1',
  );
});
