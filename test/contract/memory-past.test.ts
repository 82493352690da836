// The past in memory keeps the contract of all pasts.
import { MemoryPast } from '../../src/history/memory-past.ts';
import { FoldedLog } from '../read-model/projected-cell.ts';
import { describePast } from './past.ts';

describePast('memory', () => {
  const cell = new FoldedLog();
  const past = new MemoryPast();
  cell.fold.subscribe(past.observe);
  return Promise.resolve({ cell, past, recorded: () => Promise.resolve(), end: () => Promise.resolve() });
});
