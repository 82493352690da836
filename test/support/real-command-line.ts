// Command lines against a real cell, run in the test's own process: what a person types, without a start of Node for each.
import type { Objects } from '../../machines/index.ts';
import { connect } from '../../src/index.ts';
import { runCommandLine, type RunOptions, type Said } from './command-line.ts';
import type { RealCell } from './real-cell.ts';

/** What a pod's container says in its status. */
export type ContainerStatus = NonNullable<Objects['Pod']['status']['containerStatuses']>[number];

export class RealCommandLine {
  readonly #cell: RealCell;

  constructor(cell: RealCell) {
    this.#cell = cell;
  }

  /** Words are divided at spaces; what holds spaces itself is given as a list. */
  run(words: string | readonly string[], options?: RunOptions): Promise<Said> {
    const list = typeof words === 'string' ? words.split(' ') : words;
    return runCommandLine((data) => connect({ data }), ['--data', this.#cell.directory, ...list], options);
  }

  /** Runs what must succeed without a word of complaint, and gives back what it printed. */
  async output(words: string | readonly string[], options?: RunOptions): Promise<string> {
    const said = await this.run(words, options);
    if (said.exitCode !== 0) throw new Error(`exit code ${said.exitCode}: ${said.errors}${said.output}`);
    return said.output;
  }

  /** Applies manifests, as YAML text or as objects. */
  apply(...manifests: readonly (string | object)[]): Promise<string> {
    const documents = manifests.map((manifest) => (typeof manifest === 'string' ? manifest : JSON.stringify(manifest)));
    return this.output('apply -f -', { input: documents.join('\n---\n') });
  }

  async pod(name: string): Promise<Objects['Pod']> {
    return JSON.parse(await this.output(['get', 'pod', name, '-o', 'json'])) as Objects['Pod'];
  }

  /** The pod once its table's STATUS is the word. */
  async untilStatus(name: string, word: string | RegExp, timeoutMs?: number): Promise<Objects['Pod']> {
    const pattern = typeof word === 'string' ? new RegExp(`^${word}$`) : word;
    const check = async () => {
      const row = await this.output(['get', 'pod', name, '--no-headers']);
      if (!pattern.test(row.split(/\s+/)[2] ?? '')) throw new Error(row);
    };
    await this.#cell.eventually(`pod ${name} is ${String(word)}`, check, timeoutMs);
    return this.pod(name);
  }

  /** A container's status, the first's where none is named. */
  async container(pod: string, name?: string): Promise<ContainerStatus> {
    const statuses = (await this.pod(pod)).status.containerStatuses ?? [];
    const status = statuses.find((candidate) => name === undefined || candidate.name === name);
    if (status === undefined) throw new Error(`pod ${pod} has no status of container ${name ?? '(first)'}`);
    return status;
  }
}

/** A pod of one container that runs a shell script; the rest of its spec is given. */
export function shellPod(name: string, script: string, spec: Readonly<Record<string, unknown>> = {}): object {
  const { container = {}, ...more } = spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: 'busybox:local', command: ['sh', '-c', script], ...(container as object) }],
      ...more,
    },
  };
}

/** A shell script that goes on until it is told to end, and then ends at once. */
export const UNTIL_TERM = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";
