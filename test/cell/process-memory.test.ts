// The processes of a cell are started with settings that keep them small, which this Node must know.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { AGENT_MEMORY_FLAGS, CONTROL_PLANE_MEMORY_FLAGS, memoryEnvironment } from '../../src/cell/process-memory.ts';

/** What a nursery of 16 MB half-spaces never stays under. */
const NURSERY_MAX_MB = 24;
const FILL = `
  let kept = [];
  for (let i = 0; i < 3e6; i++) { kept.push({ i }); if (kept.length > 2e5) kept = []; }
  const { space_size } = require('v8').getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  console.log(space_size / 2 ** 20);
`;

const nurseryMb = (flags: readonly string[]) =>
  Number(execFileSync(process.execPath, [...flags, '-e', FILL], { encoding: 'utf8', env: memoryEnvironment({}) }));

test('Node knows the flags, and they keep its nursery small', () => {
  const [agent, controlPlane] = [nurseryMb(AGENT_MEMORY_FLAGS), nurseryMb(CONTROL_PLANE_MEMORY_FLAGS)];
  expect(agent).toBeLessThan(controlPlane);
  expect(controlPlane).toBeLessThanOrEqual(NURSERY_MAX_MB);
  expect(nurseryMb([])).toBeGreaterThan(NURSERY_MAX_MB);
});

test("a user's own setting of malloc stays", () => {
  const environment = memoryEnvironment({ MALLOC_ARENA_MAX: '8', HOME: '/home/someone' });
  expect(environment).toMatchObject({ MALLOC_ARENA_MAX: '8', HOME: '/home/someone', MALLOC_TRIM_THRESHOLD_: '131072' });
});
