/** The read model's migrations in order. One that was released is never changed: a new one follows it. */
import type { Kysely } from 'kysely';
import * as position from './0001-position.ts';
import * as objects from './0002-objects.ts';
import * as pods from './0003-pods.ts';

/** A step towards today's tables. There is no way back: a read model is disposable. */
export interface Migration {
  up(database: Kysely<unknown>): Promise<void>;
}

export const migrations: Readonly<Record<string, Migration>> = {
  '0001-position': position,
  '0002-objects': objects,
  '0003-pods': pods,
};
