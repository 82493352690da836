/** What the gateway says it is: the Kubernetes version whose API it speaks. */
import { arch, platform } from 'node:os';

/** Of the API, as clients compare it; Periplus's own version stands behind the plus sign. */
const KUBERNETES = { major: '1', minor: '32', patch: '4' } as const;

/** `/version`. */
export function versionInfo(periplus: string): object {
  const { major, minor, patch } = KUBERNETES;
  return {
    major,
    minor,
    gitVersion: `v${major}.${minor}.${patch}+periplus.${periplus}`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: `node${process.versions.node}`,
    compiler: 'v8',
    platform: `${platform()}/${arch() === 'x64' ? 'amd64' : arch()}`,
  };
}
