/** The version of this program, from its package: `0.1.0`. */
import { readFileSync } from 'node:fs';

const content = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

export const PERIPLUS_VERSION = content.version;
