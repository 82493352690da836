/** Keeps the runtime's hands off everything that is not its own cell's and node's, without a call where it already knows. */
import { RuntimeError } from '../container-runtime.ts';
import type { Engine } from './engine.ts';
import { identityOf } from './names.ts';
import type { Owner } from './names.ts';

export interface Ownership {
  learn(id: string): void;
  forget(id: string): void;
  /** What a list has shown to be there replaces what was known. */
  replaceAll(ids: readonly string[]): void;
  /** Rejects with RuntimeError `gone` when there is no such container of this owner. */
  check(id: string): Promise<void>;
}

export function createOwnership(engine: Engine, owner: Owner): Ownership {
  let known = new Set<string>();
  return {
    learn: (id) => known.add(id),
    forget: (id) => known.delete(id),
    replaceAll(ids) {
      known = new Set(ids);
    },
    async check(id) {
      if (known.has(id)) return;
      const { Config } = await engine.inspect(id);
      if (identityOf(owner, Config.Labels) === undefined) {
        throw new RuntimeError('gone', `this node has no container ${id}`);
      }
      known.add(id);
    },
  };
}
