// The past in SQLite keeps the contract of all pasts, recorded by the worker it really has.
import { RecordedCell } from '../support/recorded-cell.ts';
import { describePast } from './past.ts';

describePast('SQLite', async () => {
  const cell = await RecordedCell.start();
  const { past } = cell;
  return { cell, past, recorded: () => cell.recorded(), end: () => cell.end() };
});
