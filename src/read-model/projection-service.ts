/** The worker's side of the projection: applies slices to the tables in one transaction, the position last. */
import type { Connection } from './database.ts';
import { troubleOf } from './errors.ts';
import type { FromWorker, SliceEnd, SliceMessage, ToWorker } from './projection-message.ts';
import { projectionStatements, type ProjectionStatements } from './projection-statements.ts';
import type { RowUpdate } from './row-update.ts';

/** The worker's end of the line to its projector. */
export interface MessagePort {
  postMessage(message: FromWorker): void;
  on(event: 'message', listener: (message: ToWorker) => void): unknown;
  close(): void;
}

/** Serves a projector until it says close. */
export function serveProjection(database: Connection, port: MessagePort): void {
  const statements = projectionStatements(database);
  port.on('message', (message) => {
    if (message.type === 'slice') return port.postMessage(applySlice(database, statements, message));
    if (message.type !== 'close') return;
    database.close();
    port.postMessage({ type: 'closed' });
    port.close();
  });
  const position = statements.readPosition.get();
  if (position === undefined) throw new Error('the read model has no position: prepare it first');
  port.postMessage({ type: 'ready', position });
}

/** One slice; where anything fails the whole transaction is undone and the projector sends it again from its first slice. */
function applySlice(database: Connection, statements: ProjectionStatements, { rows, end }: SliceMessage): FromWorker {
  try {
    if (!database.inTransaction) database.exec('begin immediate');
    for (const row of rows) applyRow(statements, row);
    if (end === undefined) return { type: 'staged' };
    applyEnd(statements, end);
    database.exec('commit');
    return { type: 'committed' };
  } catch (error) {
    // A full disk has SQLite roll back by itself, and then there is nothing left to.
    if (database.inTransaction) database.exec('rollback');
    return { type: 'failed', trouble: troubleOf(error) };
  }
}

function applyRow(statements: ProjectionStatements, row: RowUpdate): void {
  const { object } = row;
  if (row.change === 'insert') statements.insertObject.run(row.columns);
  else if (row.change === 'update') statements.updateObject(row.columns).run({ ...row.columns, object });
  else statements.removeObject.run({ object });
  for (const [key] of row.labels?.removed ?? []) statements.removeLabel.run({ key, object });
  for (const [key, value] of row.labels?.added ?? []) statements.insertLabel.run({ key, value, object });
  for (const [key] of row.annotations?.removed ?? []) statements.removeAnnotation.run({ key, object });
  for (const [key, value] of row.annotations?.added ?? []) statements.insertAnnotation.run({ key, value, object });
  for (const [name] of row.deadlines?.removed ?? []) statements.removeDeadline.run({ object, name });
  for (const [name, at] of row.deadlines?.added ?? []) statements.insertDeadline.run({ object, name, at });
  applyPod(statements, row);
}

function applyPod(statements: ProjectionStatements, row: RowUpdate): void {
  if (row.change === 'remove') {
    if (row.isPod) statements.removePod.run({ object: row.object });
    return;
  }
  if (row.pod === undefined) return;
  const statement = row.change === 'insert' ? statements.insertPod : statements.updatePod;
  statement.run({ ...row.pod, object: row.object });
}

function applyEnd(statements: ProjectionStatements, { position, outcomes }: SliceEnd): void {
  statements.updatePosition.run(position);
  if (outcomes !== undefined) {
    const { firstRevision, lastRevision, text } = outcomes;
    const revisions = { first_revision: firstRevision, last_revision: lastRevision };
    statements.insertOutcomes.run({ last_entry: position.entry, ...revisions, outcomes: text });
  }
  statements.forgetOutcomes.run({ forgotten_through: position.forgotten_through });
}
