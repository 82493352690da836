/** The writer's limits, each with its reason. Tests make them small. */
import { ENTRY_MAX_BYTES, ENTRY_MAX_COMMITS } from '../log/entry.ts';

export interface WriterLimits {
  readonly entryMaxCommits: number;
  readonly entryMaxBytes: number;
  /** Largest object, as JSON, bytes: etcd's limit, which Kubernetes' users know. */
  readonly objectMaxBytes: number;
  /** Most commands waiting: about two seconds of work; more would only age. */
  readonly queueMaxCommands: number;
  /** Most bytes of commands waiting, so that large ones cannot fill the memory. */
  readonly queueMaxBytes: number;
  /** How long a command may wait before it is answered `Expired`: senders have given up by then. */
  readonly commandMaxAgeMs: number;
  /** Wait between attempts to end an unknown append, from the first to the longest. */
  readonly unknownRetryMinMs: number;
  readonly unknownRetryMaxMs: number;
  /** How long an entry the server says exists may take to be readable before the log counts as damaged. */
  readonly readBackMs: number;
}

export const WRITER_LIMITS: WriterLimits = {
  entryMaxCommits: ENTRY_MAX_COMMITS,
  entryMaxBytes: ENTRY_MAX_BYTES,
  objectMaxBytes: 1.5 * 1024 * 1024,
  queueMaxCommands: 20_000,
  queueMaxBytes: 64 * 1024 * 1024,
  commandMaxAgeMs: 30_000,
  unknownRetryMinMs: 50,
  unknownRetryMaxMs: 2_000,
  readBackMs: 10_000,
};

/** Longest command id, characters. */
export const COMMAND_ID_MAX_LENGTH = 128;
