// Exports of small logs for tests, in a folder of their own.
import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checkpoint } from '../../src/log/checkpoint.ts';
import type { ExportEnd, ExportHeader } from '../../src/history/export-format.ts';
import { writeExport } from '../../src/history/export-writer.ts';
import { decodeEntry, hashOf } from '../../src/log/entry.ts';
import type { StoredEntry } from '../../src/log/event-log.ts';

/** Entries as a log stores them. */
export function storedEntries(payloads: readonly Uint8Array[]): StoredEntry[] {
  return payloads.map((payload, index) => ({ number: index + 1, payload }));
}

/** What an export of all of these says of itself. */
export function headerFor(entries: readonly StoredEntry[]): ExportHeader {
  const last = entries.at(-1);
  const entry = last && decodeEntry(last.payload, { entry: last.number, revision: 0 });
  const revision = entry ? entry.firstRevision + entry.commits.length - 1 : 0;
  return {
    cell: 'cell-test',
    lineage: entry?.lineage ?? '1',
    first: { entry: 1, revision: 1 },
    last: {
      entry: last?.number ?? 0,
      revision,
      hash: last ? hashOf(last.payload) : '',
      time: entry?.time ?? 0,
    },
    knownRevision: revision,
    exportedAt: 1_700_000_000_000,
    periplus: '0.1.0',
    checkpointKeys: [],
  };
}

export class ExportFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'periplus-export-'));

  file(name = 'cell.export'): string {
    return join(this.path, name);
  }

  async write(
    entries: readonly StoredEntry[],
    options: {
      readonly header?: ExportHeader;
      readonly checkpoints?: readonly Checkpoint[];
      readonly name?: string;
    } = {},
  ): Promise<ExportEnd> {
    const file = this.file(options.name);
    await rm(file, { force: true });
    return writeExport({
      header: options.header ?? headerFor(entries),
      checkpoints: options.checkpoints ?? [],
      entries: inBatches(entries),
      write: (bytes) => appendFile(file, bytes),
    });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** As a log hands them out, some at a time. */
async function* inBatches(entries: readonly StoredEntry[]): AsyncGenerator<readonly StoredEntry[]> {
  const size = 7;
  for (let at = 0; at < entries.length; at += size) yield entries.slice(at, at + size);
}
