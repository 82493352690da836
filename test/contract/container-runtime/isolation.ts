/** Contract: a runtime sees and touches only what carries its own cell and node. */
import { expect, it } from 'vitest';
import type { Harness } from './harness.ts';
import { eventually } from './harness.ts';

export function describeIsolation(harness: Harness): void {
  for (const stranger of [{ cell: `${harness.identity.cell}-other` }, { node: 'node-2' }]) {
    const whose = 'cell' in stranger ? 'another cell' : 'another node of the cell';

    it(`what belongs to ${whose} is neither seen nor touched`, async () => {
      const { id } = await harness.run();
      await eventually(async () => expect((await harness.runtime().inspectContainer(id))?.state).toBe('running'));
      const before = await harness.runtime().inventory();
      const other = await harness.another(stranger);

      expect(await other.inventory()).toEqual({ sandboxes: [], containers: [] });
      expect(await other.inspectContainer(id)).toBeUndefined();
      const gone = expect.objectContaining({ name: 'RuntimeError', code: 'gone' });
      await expect(other.startContainer(id)).rejects.toEqual(gone);
      await expect(other.stopContainer(id, { graceSeconds: 0 })).rejects.toEqual(gone);
      await expect(other.exec(id, { command: ['true'], stdin: false, tty: false })).rejects.toEqual(gone);
      await other.removeContainer(id);
      await other.removeSandbox(harness.sandbox().id);

      const after = await harness.runtime().inventory();
      expect(new Set(after.containers)).toEqual(new Set(before.containers));
      expect(new Set(after.sandboxes)).toEqual(new Set(before.sandboxes));
    });
  }
}
