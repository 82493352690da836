/** Introduces this node to the cell: what its machine has and runs. Told after every connect, until it is heard. */
import type { CommandDraft, Outcome } from '../../machines/index.ts';
import type { RegisterArguments } from '../../machines/node/index.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import type { ControlPlaneLink } from './control-plane-link.ts';
import type { ContainerRuntime, RuntimeInfo } from './runtimes/container-runtime.ts';

export interface RegistrationOptions {
  readonly node: string;
  /** The agent's version. */
  readonly version: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Part of the machine that is this node's, above 0 and at most 1. */
  readonly capacityShare: number;
  readonly podsMax: number;
  readonly runtime: Pick<ContainerRuntime, 'info'>;
  readonly link: Pick<ControlPlaneLink, 'connected' | 'send'>;
  readonly identifiers: Identifiers;
  readonly logger: Logger;
}

export class NodeRegistration {
  readonly #options: RegistrationOptions;
  #draft: CommandDraft | undefined;
  #needed = true;
  #busy = false;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  /** The connection is new: the control plane may not know of this node. */
  renew(): void {
    this.#needed = true;
    this.#draft = undefined;
  }

  /** Tries when there is need; called again and again, as often as the node heartbeats. */
  async attempt(): Promise<void> {
    if (!this.#needed || this.#busy || !this.#options.link.connected()) return;
    this.#busy = true;
    try {
      const draft = (this.#draft ??= this.#makeDraft(await this.#options.runtime.info()));
      const [outcome] = await this.#options.link.send([draft]);
      if (outcome !== undefined) this.#judge(draft, outcome);
    } catch (error) {
      this.#options.logger.debug('the node is not registered yet', { error });
    } finally {
      this.#busy = false;
    }
  }

  #judge(draft: CommandDraft, outcome: Outcome): void {
    const { logger } = this.#options;
    if (outcome.outcome === 'accepted' || outcome.outcome === 'unchanged') {
      if (this.#draft === draft) this.#needed = false;
    } else if (outcome.outcome === 'refused') {
      logger.error('the node was refused by the control plane', { refusal: outcome.refusal });
      this.#draft = { ...draft, attempt: (draft.attempt ?? 1) + 1 };
    } else if (outcome.why === 'TooOld') {
      this.#draft = undefined;
    }
  }

  #makeDraft(info: RuntimeInfo): CommandDraft {
    const { node, address, labels, version } = this.#options;
    const capacity = this.#capacity(info);
    const registration: RegisterArguments = {
      capacity,
      allocatable: capacity,
      nodeInfo: {
        operatingSystem: 'linux',
        architecture: info.architecture,
        osImage: info.osImage,
        kernelVersion: info.kernelVersion,
        containerRuntimeVersion: info.runtimeVersion,
        kubeletVersion: `periplus v${version}`,
      },
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: node },
      ],
      labels,
    };
    const id = `${node}/register/${this.#options.identifiers.uuid()}`;
    return { id, kind: 'Node', namespace: '', name: node, verb: 'register', arguments: registration };
  }

  #capacity({ cpuMillis, memoryBytes }: RuntimeInfo): RegisterArguments['capacity'] {
    const { capacityShare, podsMax } = this.#options;
    const millis = Math.floor(cpuMillis * capacityShare);
    return {
      cpu: millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`,
      memory: `${Math.floor((memoryBytes * capacityShare) / 1024)}Ki`,
      pods: String(podsMax),
    };
  }
}
