/** The version of this program, from its package: `0.1.0`. */
import { readFileSync } from 'node:fs';
import { packagePath } from '../foundation/package-path.ts';

const content = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as {
  readonly version: string;
};

export const PERIPLUS_VERSION = content.version;
