/** When history makes an image of an object: by its commits' number and bytes since the last one. */
import { expect, test } from 'vitest';
import { IMAGE_EVERY_COMMITS, isImageDue } from '../../src/read-model/history/image-interval.ts';

/** The commits between an object's images where each takes so many bytes. */
function commitsBetween(bytesEach: number, creationBytes: number): number {
  let commits = 1;
  while (!isImageDue({ commits, bytes: commits * bytesEach, creationBytes })) commits++;
  return commits;
}

test('an object is imaged once its commits have a half more bytes than its creation', () => {
  expect(commitsBetween(170, 290)).toBe(3);
  expect(commitsBetween(150, 818)).toBe(IMAGE_EVERY_COMMITS);
});

test('a pod that comes and goes is never imaged', () => {
  const [creationBytes, bound, started, deleted] = [618, 171, 357, 134];
  expect(isImageDue({ commits: 3, bytes: bound + started + deleted, creationBytes })).toBe(false);
});

test('an object is imaged after so many commits, however small they are', () => {
  expect(isImageDue({ commits: IMAGE_EVERY_COMMITS - 1, bytes: 0, creationBytes: 1_000_000 })).toBe(false);
  expect(isImageDue({ commits: IMAGE_EVERY_COMMITS, bytes: 0, creationBytes: 1_000_000 })).toBe(true);
});
