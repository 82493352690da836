/** The history file's migrations in order. One that was released is never changed: a new one follows it. */
import type { Migration } from '../index.ts';
import * as history from './0001-history.ts';

export const historyMigrations: Readonly<Record<string, Migration>> = {
  '0001-history': history,
};
