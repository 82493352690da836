/** What a verification found, in sentences. */
import { LOSS_REMEDY } from '../cell/running-cell.ts';
import type { CellDeepVerification, CellVerification } from '../cell/verify-cell.ts';
import { formatTime } from '../foundation/clock.ts';
import { isKept } from '../history/verify.ts';
import type { DeepVerification } from '../history/verify-deep.ts';
import type { CheckpointVerdict } from '../history/verify-checkpoints.ts';

/** Files that were named on the command line. */
interface NamedFiles {
  readonly against?: string;
  readonly export?: string;
}

/** Every line ends with a line break. */
export function describeVerification(verification: CellVerification, files: NamedFiles): string {
  const { checkpoints, against, key } = verification;
  const lines = [...logLines(verification, files.export), ...keptLines(checkpoints, key)];
  lines.push(...deepLines(verification.deep));
  for (const verdict of against) lines.push(...againstLines(verdict, files.against ?? 'the file', key));
  return lines.map((line) => `${line}\n`).join('');
}

function logLines(verification: CellVerification, file: string | undefined): string[] {
  const { cell, lineage, position, commits, refusals, stateHash, damage } = verification;
  const counts = `${position.entry} entries, ${commits} commits, ${refusals} ${refusals === 1 ? 'refusal' : 'refusals'}`;
  if (damage === undefined) {
    const where = `up to revision ${position.revision}, state ${stateHash}`;
    const what = `log of cell ${cell} (lineage ${lineage})${file === undefined ? '' : ` in ${file}`}`;
    return [`The ${what} is right: ${counts}, ${where}.`];
  }
  const remedy =
    file === undefined
      ? LOSS_REMEDY
      : 'It was like that when it was exported, or somebody made it so: the file itself is whole.';
  return [`${capital(damage.message)}.`, `Right up to there: ${counts}, revision ${position.revision}.`, remedy];
}

/** The checkpoints beside the log: their number where all is well, each one that is not. */
function keptLines(verdicts: readonly CheckpointVerdict[], key: string | undefined): string[] {
  if (verdicts.length === 0) return [];
  const contained = verdicts.filter(({ outcome }) => outcome === 'contained');
  const signers = new Set(contained.map(({ checkpoint }) => signer(checkpoint.key, key)));
  const by = contained.length > 0 ? ` (signed by ${[...signers].join(' and ')})` : '';
  const all = contained.length === verdicts.length;
  const count = all
    ? verdicts.length === 1
      ? 'the one checkpoint'
      : `all ${verdicts.length} checkpoints`
    : `${contained.length} of the ${verdicts.length} checkpoints`;
  const lines = [`It contains ${count} kept beside it${by}.`];
  for (const verdict of verdicts) {
    if (verdict.outcome === 'contained') continue;
    const what = isKept(verdict) ? 'Of a stretch that was given up' : 'Wrong';
    lines.push(`${what}: the checkpoint of entry ${verdict.checkpoint.entry}: ${verdict.message}.`);
  }
  return lines;
}

/** The read model, the history and the writer's memory: what is the same, or the first thing that is not. */
function deepLines(deep: CellVerification['deep']): string[] {
  if (deep === undefined) return [];
  return [readModelLine(deep.readModel), historyLine(deep.history), liveLine(deep.live)];
}

function readModelLine(found: DeepVerification['readModel']): string {
  if ('uncompared' in found) return `The read model was not compared with it: ${found.message}.`;
  const { revision, rows, difference } = found;
  if (difference === undefined) return `All ${rows} rows of the read model at revision ${revision} are what it makes.`;
  const { table, key, column, expected, actual } = difference;
  const place = [`table ${table}`, key, column && `column ${column}`].filter(Boolean).join(', ');
  return `The read model at revision ${revision} is not what it makes: ${place}: expected ${expected}, found ${actual}. Stop the cell, delete the read model, and start it again: it is rebuilt from the log.`;
}

/** Commits can be as long as what was applied; -o json has them whole. */
const SHOWN_CHARACTERS = 400;

function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function historyLine(found: CellDeepVerification['history']): string {
  if ('uncompared' in found) return `The history was not compared with it: ${found.message}.`;
  const { records, difference } = found;
  if (difference === undefined) return `All ${records} commits and refusals of the history are those of the log.`;
  const { entry, expected, actual } = difference;
  return `The history differs from the log at entry ${entry}: expected ${shortened(expected)}, found ${shortened(actual)}. Stop the cell, delete its history.sqlite*, and start it again: it is rebuilt from the log.`;
}

function liveLine(found: DeepVerification['live']): string {
  if ('uncompared' in found) return `The writer's memory was not compared with it: ${found.message}.`;
  const { revision, objects, difference } = found;
  if (difference === undefined)
    return `All ${objects} objects in the writer's memory at revision ${revision} are what it makes.`;
  const { what, part, expected, actual } = difference;
  const place = part === undefined ? what : `${what}, ${part}`;
  return `The writer's memory at revision ${revision} is not what it makes: ${place}: expected ${expected}, found ${actual}. Restart the control plane.`;
}

function againstLines(verdict: CheckpointVerdict, file: string, key: string | undefined): string[] {
  const { checkpoint } = verdict;
  const { entry, revision, cell, time } = checkpoint;
  const name = `${file}: the checkpoint of entry ${entry} (revision ${revision}) of cell ${cell}`;
  if (verdict.outcome === 'refuted') {
    const says = verdict.reason === 'BadSignature' ? 'proves nothing' : 'is not in the log';
    return [`${name} ${says}: ${verdict.message}.`];
  }
  return [`${name} is in the log, signed ${formatTime(time)} by ${signer(checkpoint.key, key)}.`];
}

function signer(key: string, own: string | undefined): string {
  if (own === undefined) return `the key ${key}`;
  return key === own ? `this cell's key ${key}` : `the key ${key}, which is not this cell's`;
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;
}
