// Which of a pod's notices are news.
import { expect, test } from 'vitest';
import type { PodNotice } from '../../machines/pod/index.ts';
import { NoticeMemory, REMEMBERED_NOTICES_MAX } from '../../src/agent/notice-memory.ts';

const failed = (message: string): PodNotice => ({ type: 'Warning', reason: 'FailedMount', message });

test('what was said already is no news, however often it happens', () => {
  const memory = new NoticeMemory();
  expect(memory.isNews(failed('no directory'))).toBe(true);
  expect(memory.isNews(failed('no directory'))).toBe(false);
  expect(memory.isNews(failed('no file'))).toBe(true);
  expect(memory.isNews({ ...failed('no directory'), container: 'main' })).toBe(true);
});

test('each start of a container is news, and so is what follows it', () => {
  const memory = new NoticeMemory();
  const started: PodNotice = {
    type: 'Normal',
    reason: 'Started',
    message: 'Started container main',
    container: 'main',
  };
  const heldBack: PodNotice = { type: 'Warning', reason: 'BackOff', message: 'Back-off restarting', container: 'main' };
  for (const notice of [started, heldBack, started, heldBack]) expect(memory.isNews(notice)).toBe(true);
});

test('only so many are remembered', () => {
  const memory = new NoticeMemory();
  for (let n = 0; n <= REMEMBERED_NOTICES_MAX; n++) expect(memory.isNews(failed(String(n)))).toBe(true);
  expect(memory.isNews(failed(String(REMEMBERED_NOTICES_MAX)))).toBe(false);
  expect(memory.isNews(failed('0'))).toBe(true);
});
