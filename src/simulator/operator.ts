/** What an operator of the simulated cell does: starts what is down, and accepts the loss where control planes stopped for damage. */
import { findLoss } from '../cell/loss.ts';
import { lineageAfterLoss } from '../cell/lineage-after-loss.ts';
import type { KnownPosition } from '../cell/seen-position.ts';
import { copyEntries, requireLastGood } from '../log/copy-entries.ts';
import { nextLineageName } from '../log/lineage-name.ts';
import { Fold } from '../state/fold.ts';
import type { ControlPlaneHost } from './control-plane-host.ts';
import { LogClient } from './log-client.ts';
import type { LogServer } from './log-server.ts';
import { seededIdentifiers, type Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import type { Truth } from './truth.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { Wire } from './wire.ts';

/** How soon somebody looks at a cell that stopped, milliseconds. */
const LOOK_AFTER_MS = 20_000;

export interface OperatorOptions {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly process: VirtualProcess;
  readonly wire: Wire;
  readonly log: LogServer;
  readonly truth: Truth;
  planes(): readonly ControlPlaneHost[];
  /** How far everybody's disks say that the log has been seen. */
  knownPositions(): Promise<readonly KnownPosition[]>;
  /** Told of each loss that was accepted. */
  onAccepted(): void;
}

export class Operator {
  readonly #options: OperatorOptions;
  #isCalled = false;
  #accepted = 0;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  get lossesAccepted(): number {
    return this.#accepted;
  }

  /** Whether there is still something for it to do. */
  get isBusy(): boolean {
    return this.#isCalled;
  }

  /** A control plane stopped for damage. */
  call(): void {
    if (this.#isCalled) return;
    this.#isCalled = true;
    this.#options.timeline.after(LOOK_AFTER_MS, () => void this.#act());
  }

  async #act(): Promise<void> {
    try {
      await this.#acceptLoss();
      this.#isCalled = false;
    } catch {
      // A log that does not answer now, or copying that was interrupted: done again, as the command line says.
      this.#options.timeline.after(LOOK_AFTER_MS, () => void this.#act());
    }
  }

  async #acceptLoss(): Promise<void> {
    const { process, wire, planes, knownPositions, log: server } = this.#options;
    const { clock } = process;
    for (const plane of planes()) plane.kill({ keepsDisk: false });
    const log = new LogClient(server, process, wire);
    const fold = new Fold();
    const known = await knownPositions();
    const loss = await findLoss(fold, known, { log, clock, signal: process.death.signal });
    if (loss !== undefined) await this.#beginLineage(fold, known);
    for (const plane of planes()) plane.start();
  }

  async #beginLineage({ state }: Fold, known: readonly KnownPosition[]): Promise<void> {
    const { random, process, log: server, truth, onAccepted } = this.#options;
    const { clock } = process;
    const identifiers = seededIdentifiers(random);
    const from = server.current;
    from.seal();
    const now = clock.now();
    const after = lineageAfterLoss({ state, known, now, identifiers, writer: 'operator' });
    const { lastGoodEntry } = after;
    const lineage = nextLineageName([...server.lineages.keys()], identifiers);
    const to = server.create(lineage);
    if (lastGoodEntry > 0) await copyEntries({ from, to, lastGoodEntry, clock }, 1);
    await requireLastGood(to, after);
    truth.rewind(lastGoodEntry);
    truth.continueIn(lineage);
    onAccepted();
    this.#accepted++;
    await to.append(lastGoodEntry + 1, after.firstEntry(lineage));
    server.makeCurrent(lineage);
  }
}
