/** Brings pods of a ReplicationController up and away again, and says how long it took. */
import { until, type BenchCell } from './cell.ts';
import { replicationController } from './workload.ts';

/** From the command to all pods Running and Ready, as the controller's own status tells a watcher; milliseconds. */
export async function bringUp(cell: BenchCell, name: string, replicas: number): Promise<number> {
  const { client } = cell;
  const end = new AbortController();
  const watch = client.watch('ReplicationController', { namespace: 'default', name }, end.signal);
  let began = 0;
  for await (const event of watch) {
    if (event.type === 'SYNCED') {
      began = performance.now();
      void client.create(replicationController(name, replicas));
    } else if (event.object.status.readyReplicas === replicas) break;
  }
  const took = performance.now() - began;
  end.abort();
  await requireRunning(cell, name, replicas);
  return took;
}

/** Deletes the controller and waits until its pods are gone; milliseconds. */
export async function takeAway(cell: BenchCell, name: string): Promise<number> {
  const began = performance.now();
  await cell.client.delete('ReplicationController', name);
  await until('the deletion of all pods', async () => {
    const { objects } = await cell.client.status();
    return (objects['Pod'] ?? 0) === 0 ? true : undefined;
  });
  return performance.now() - began;
}

/** The measurement is worth nothing if the status told stories. */
async function requireRunning(cell: BenchCell, name: string, replicas: number): Promise<void> {
  const { items } = await cell.client.list('Pod', { labelSelector: `app=${name}` });
  const running = items.filter(
    ({ status }) =>
      status.phase === 'Running' && status.conditions?.some((is) => is.type === 'Ready' && is.status === 'True'),
  );
  if (running.length !== replicas) throw new Error(`${running.length} of ${replicas} pods run`);
}
