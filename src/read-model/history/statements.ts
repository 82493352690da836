/** The statements that write history, compiled once. Runs in the worker. */
import type { Connection } from '../database.ts';
import type { SinceImage } from './image-interval.ts';
import type { CommitRow, HistoryPosition, ImageRow, ObjectLife, RefusalRow } from './schema.ts';

export interface EraRow {
  readonly era: number;
  /** It holds whoever lived at this revision or later. */
  readonly begin: number;
  /** How many it began with. */
  readonly carried: number;
}

type Key = Pick<ObjectLife, 'kind' | 'namespace' | 'name'>;
type Life = Key & { readonly era: number; readonly object: number };

export type HistoryStatements = ReturnType<typeof historyStatements>;

export function historyStatements(database: Connection) {
  return { ...readStatements(database), ...recordStatements(database), ...lifeStatements(database) };
}

function readStatements(database: Connection) {
  return {
    lastPosition: database.prepare<[], HistoryPosition>(
      'select lineage, entry, revision, hash from positions order by entry desc limit 1',
    ),
    positionAt: database.prepare<[number], HistoryPosition>(
      'select lineage, entry, revision, hash from positions where entry = ?',
    ),
    living: database.prepare<[Key], { readonly object: number; readonly until: number | null }>(
      `select object, until from objects where kind = @kind and namespace = @namespace and name = @name
       order by object desc limit 1`,
    ),
    sinceImage: database.prepare<[{ readonly object: number; readonly most: number }], SinceImage>(
      `select count(*) as commits, cast(total(bytes) as integer) as bytes,
         (select length(body) from commits where revision = @object) as creationBytes
       from (select length(body) as bytes from commits where object = @object
         and revision > coalesce((select max(revision) from images where object = @object), @object) limit @most)`,
    ),
    lastEra: database.prepare<[], EraRow>('select era, begin, carried from eras order by era desc limit 1'),
    livesOf: database.prepare<[number], number>('select count(*) from lives where era = ?').pluck(),
  };
}

function recordStatements(database: Connection) {
  return {
    insertPosition: database.prepare<[HistoryPosition]>(
      'insert into positions (entry, lineage, revision, hash) values (@entry, @lineage, @revision, @hash)',
    ),
    insertCommit: database.prepare<[number, number, number, number, number | null, CommitRow['body']]>(
      'insert into commits (revision, object, entry, time, cause, body) values (?, ?, ?, ?, ?, ?)',
    ),
    insertRefusal: database.prepare<[Omit<RefusalRow, 'id'> & Key]>(
      `insert into refusals (revision, entry, time, kind, namespace, name, body)
       values (@revision, @entry, @time, @kind, @namespace, @name, @body)`,
    ),
    insertImage: database.prepare<[ImageRow]>(
      'insert or replace into images (revision, object, body) values (@revision, @object, @body)',
    ),
  };
}

function lifeStatements(database: Connection) {
  return {
    insertObject: database.prepare<[Key & { readonly object: number; readonly uid: string }]>(
      'insert into objects (object, kind, namespace, name, uid) values (@object, @kind, @namespace, @name, @uid)',
    ),
    endObject: database.prepare<[{ readonly object: number; readonly until: number }]>(
      'update objects set until = @until where object = @object',
    ),
    insertLife: database.prepare<[Life]>(
      'insert into lives (era, kind, namespace, name, object) values (@era, @kind, @namespace, @name, @object)',
    ),
    endLife: database.prepare<[Life & { readonly until: number }]>(
      `update lives set until = @until where era = @era and kind = @kind and namespace = @namespace
       and name = @name and object = @object`,
    ),
    insertEra: database.prepare<[EraRow]>('insert into eras (era, begin, carried) values (@era, @begin, @carried)'),
    carryOver: database.prepare<[{ readonly from: number; readonly to: number }]>(
      `insert into lives (era, kind, namespace, name, object)
       select @to, kind, namespace, name, object from lives where era = @from and until is null`,
    ),
  };
}
