// Files and functions a reader can hold in the head, each file opening with its place in the loop.
import type { Rule } from './violation.ts';

/** One idea per file; what is longer has two. */
const MAX_FILE_LINES = 300;

/** The aim is 40; what is longer than this has a part that deserves a name. */
const MAX_FUNCTION_LINES = 70;

export const filesAreShort: Rule = ({ path, lines }) =>
  lines <= MAX_FILE_LINES
    ? []
    : [{ path, line: MAX_FILE_LINES + 1, reason: `${lines} lines; a file has at most ${MAX_FILE_LINES}: divide it` }];

/** In a test the function that holds the tests of one subject may be long. */
export const functionsAreShort: Rule = ({ path, functions }) =>
  path.startsWith('test/')
    ? []
    : functions
        .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
        .map(({ name, line, lines }) => ({
          path,
          line,
          reason: `${name} has ${lines} lines; a function has at most ${MAX_FUNCTION_LINES}: divide it`,
        }));

export const filesOpenWithTheirPlace: Rule = ({ path, startsWithComment }) =>
  startsWithComment
    ? []
    : [{ path, line: 1, reason: 'the first line is a comment: one sentence, its place in the loop' }];

const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b/;

export const nothingIsLeftUnfinished: Rule = ({ path, comments }) =>
  comments
    .filter(({ text }) => UNFINISHED.test(text))
    .map(({ line }) => ({ path, line, reason: 'finish it, or file an issue; a comment is no list of work' }));
