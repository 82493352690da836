/** What a simulated node keeps beside containers: texts in memory that outlive its agent and a loss of power. */
import type { AgentStorage } from '../agent/storage.ts';

export function memoryStorage(): AgentStorage {
  let saved: string | undefined;
  return {
    work: {
      path: 'memory',
      read: async () => saved,
      write: async (text) => {
        saved = text;
      },
    },
    volumes: { prepare: async () => new Map(), remove: async () => undefined },
    pullSecrets: async ({ names }) => ({ credentials: [], missing: names }),
  };
}
