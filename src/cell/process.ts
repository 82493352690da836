/** The program behind each process of a cell: supervisor, control plane, agents. Started by `up` and by the supervisor, never by hand. */
import { parseArgs } from 'node:util';
import { createLogger, type Logger } from '../foundation/logger.ts';
import { LogDamageError } from '../log/entry.ts';
import { dataDirectory } from './data-directory.ts';
import { DirectoryTakenError, EXIT_DIRECTORY_TAKEN } from './directory-lock.ts';
import { EXIT_NEEDS_OPERATOR } from './supervised-process.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    name: { type: 'string', default: 'control-plane' },
    nodes: { type: 'string', default: 'n1' },
    runtime: { type: 'string', default: 'process' },
    share: { type: 'string', default: '1' },
    keep: { type: 'string', default: '1' },
    listen: { type: 'string' },
    'api-port': { type: 'string' },
    standby: { type: 'boolean', default: false },
    detached: { type: 'boolean', default: false },
    'accept-loss': { type: 'boolean', default: false },
    'accept-unsynced': { type: 'boolean', default: false },
  },
});

/** What the command line says, checked as far as the parts do not check it themselves. */
export type ProcessArguments = typeof values & { readonly data: string };

/** Each loads only its own part: a supervisor that carried a control plane's code would weigh twice as much. */
const roles: Readonly<Record<string, (arguments_: ProcessArguments, logger: Logger) => Promise<void>>> = {
  supervisor: async (given, logger) =>
    (await import('./supervisor-process.ts')).runSupervisorProcess(dataDirectory(given.data), given, logger),
  'control-plane': async (given, logger) =>
    (await import('./control-plane-process.ts')).runControlPlaneProcess(dataDirectory(given.data), given, logger),
  snapshot: async (given, logger) =>
    (await import('./snapshots-process.ts')).runSnapshotProcess(dataDirectory(given.data), given, logger),
  gateway: async (given, logger) =>
    (await import('./gateway-process.ts')).runGatewayProcess(dataDirectory(given.data), given, logger),
  agents: async (given, logger) =>
    (await import('./agents-process.ts')).runAgentsProcess(dataDirectory(given.data), given, logger),
};

function exitCodeOf(error: unknown): number {
  if (error instanceof LogDamageError) return EXIT_NEEDS_OPERATOR;
  return error instanceof DirectoryTakenError ? EXIT_DIRECTORY_TAKEN : 1;
}

const [role = ''] = positionals;
const run = roles[role];
if (run === undefined || values.data === undefined) {
  process.stderr.write('this program is started by "periplus up"\n');
  process.exit(2);
}
const logger = createLogger({ part: role === 'control-plane' ? values.name : role });
try {
  await run({ ...values, data: values.data }, logger);
  process.exit(0);
} catch (error) {
  logger.error('the process ends', { error });
  process.exit(exitCodeOf(error));
}
