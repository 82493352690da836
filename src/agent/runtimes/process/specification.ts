/** What a container's shim is told: the program, its environment and directory, its sandbox, groups and mounts. */
import type { ContainerSpec } from '../container-runtime.ts';
import { RuntimeError } from '../container-runtime.ts';
import { commandOfImage, meaningless } from './images.ts';
import type { SandboxFacts } from './sandboxes.ts';
import type { ShimSpecification } from './shim.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const DEFAULT_DIRECTORY = '/';

/** Where the shim works. */
export interface ShimPlace {
  readonly state: string;
  readonly log: string;
  readonly logSizeBytes: number;
  readonly work: string;
  readonly groups: readonly string[];
}

/** @throws RuntimeError `refused` when there is nothing to run, or a volume has no way into a container without namespaces */
export function checkSpecification(spec: ContainerSpec, options: { readonly isolated: boolean }): void {
  commandOf(spec);
  const [mount] = spec.mounts;
  if (options.isolated || mount === undefined) return;
  throw new RuntimeError(
    'refused',
    `nothing can be mounted at ${mount.containerPath}: volumes of the process runtime need root; run the agent as root or use Docker`,
  );
}

export function directoryOf({ workingDir }: ContainerSpec): string {
  return workingDir ?? DEFAULT_DIRECTORY;
}

/** @param sandbox whose namespaces it joins, where it has any */
export function specificationOf(spec: ContainerSpec, sandbox: SandboxFacts, place: ShimPlace): ShimSpecification {
  const { mark, description } = sandbox;
  return [
    ['state', place.state],
    ['log', place.log],
    ['logsize', String(place.logSizeBytes)],
    ['work', place.work],
    ['directory', directoryOf(spec)],
    ...(mark !== undefined && description.network !== undefined
      ? ([['sandbox', `${mark.pid} ${mark.startTicks}`]] as const)
      : []),
    ...place.groups.map((directory) => ['cgroup', directory] as const),
    ...spec.mounts.flatMap(({ hostPath, containerPath, readOnly }) => [
      ['mode', readOnly ? 'ro' : 'rw'] as const,
      ['source', hostPath] as const,
      ['target', containerPath] as const,
    ]),
    ...Object.entries(environmentOf(spec, description.hostname, mark?.port ?? 0)).map(
      ([key, value]) => ['env', `${key}=${value}`] as const,
    ),
    ...commandOf(spec).map((part) => ['arg', part] as const),
  ];
}

function commandOf({ image, command = [], args = [] }: ContainerSpec): readonly string[] {
  const program = command.length > 0 ? command : commandOfImage(image);
  if (program === undefined) throw new RuntimeError('refused', meaningless(image));
  return [...program, ...args];
}

/** Nothing of the agent's own: its credentials are in there. */
function environmentOf({ env }: ContainerSpec, hostname: string, port: number): Readonly<Record<string, string>> {
  return { PATH: DEFAULT_PATH, HOME: '/', HOSTNAME: hostname, ...(port !== 0 && { PORT: String(port) }), ...env };
}
