/** Creates a container once: its name is its identity, so the engine refuses a twin and the one that is there is taken. */
import type { Clock } from '../../../foundation/clock.ts';
import { RuntimeError } from '../container-runtime.ts';
import { EngineError } from './engine-error.ts';
import type { ContainerDetails, ContainerOptions, Engine } from './engine.ts';
import { containerName, identityOf } from './names.ts';
import type { ContainerIdentity, Owner } from './names.ts';

/**
 * A name is taken from the moment its creation begins, but the container is found only when that is done: up to 2 s on a busy
 * engine. A name that is taken for ten and belongs to nothing is the engine's trouble.
 */
const NAME_POLL_MS = 50;
export const NAME_POLLS_MAX = 200;

export interface CreateRequest {
  readonly identity: ContainerIdentity;
  readonly body: ContainerOptions;
}

export interface CreateDependencies {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly owner: Owner;
  /** Takes the turns at the engine; only the creations themselves do, not the waiting for a name. */
  turn<T>(task: () => Promise<T>): Promise<T>;
}

export type Created =
  | { readonly outcome: 'made'; readonly id: string }
  | { readonly outcome: 'found'; readonly details: ContainerDetails };

/** Rejects with RuntimeError: `refused` also when the name belongs to somebody else. */
export async function createByName(deps: CreateDependencies, { identity, body }: CreateRequest): Promise<Created> {
  const { engine, clock, owner } = deps;
  const name = containerName(identity);
  for (let poll = 0; poll < NAME_POLLS_MAX; poll++) {
    const id = await deps.turn(() => engine.create(name, body));
    if (id !== undefined) return { outcome: 'made', id };
    const details = await inspectIfThere(engine, name);
    if (details !== undefined) {
      if (identityOf(owner, details.Config.Labels) !== undefined) return { outcome: 'found', details };
      throw new RuntimeError('refused', `the name ${name} is taken by a container of another cell or node`);
    }
    await clock.sleep(NAME_POLL_MS);
  }
  throw new RuntimeError('unavailable', `the Docker engine says that ${name} exists, and does not find it`);
}

/** Undefined when there is none. */
export async function inspectIfThere(engine: Engine, idOrName: string): Promise<ContainerDetails | undefined> {
  try {
    return await engine.inspect(idOrName);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'gone') return undefined;
    throw error;
  }
}
