/** The version of this program, from its package. */
import { readFileSync } from 'node:fs';

const content = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

export const PERIPLUS_VERSION = `v${content.version}`;
