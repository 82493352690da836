/** Proves an export by itself, without the cell it is of: what `verify` does to a live log. */
import type { Checkpoint } from '../log/checkpoint.ts';
import { openExport } from './export-file.ts';
import type { ExportHeader } from './export-format.ts';
import { verifyLog, type Verification } from './verify.ts';

export interface VerifyExportOptions {
  /** The export's path. */
  readonly file: string;
  /** Checkpoints that it must contain. */
  readonly against?: readonly Checkpoint[];
  readonly signal: AbortSignal;
  onProgress?(entry: number, until: number): void;
}

/** A verification and what it is of. */
export interface ExportVerification extends Verification {
  readonly header: ExportHeader;
}

/** Damage in the log is a finding. Rejects with ExportFileError where the file itself is cut or was changed. */
export async function verifyExport(options: VerifyExportOptions): Promise<ExportVerification> {
  const { against = [], signal } = options;
  await using file = await openExport(options.file);
  const { header, checkpoints } = file;
  const verification = await verifyLog({
    entries: file.entries(),
    cell: header.cell,
    checkpoints,
    against,
    onProgress: (entry) => {
      signal.throwIfAborted();
      options.onProgress?.(entry, header.last.entry);
    },
  });
  return { header, ...verification };
}
