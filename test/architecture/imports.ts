// The import rule: machines are pure, kinds have one door, and only the cell wires parts together.
import type { Import, SourceFile } from './source-file.ts';
import type { Rule, Violation } from './violation.ts';
import { kindOf, partOf } from './violation.ts';

/** What everybody in `src` may import; they import nothing but each other. */
const SHARED = ['foundation', 'bus', 'log', 'state'];

/** They put parts together: the cell for real, the simulator in one process, and the two doors to the outside. */
const WIRING = ['cell', 'simulator', 'main.ts', 'index.ts'];

/** Beyond types, what a part may import of another, and why. */
const MAY_OPEN: Readonly<Record<string, readonly string[]>> = {
  // The command line starts cells and shows their history.
  cli: ['cell', 'history', 'simulator'],
  // History reads the read model, verifies a log by catching up with it as the writer does, and asks the scheduler why not.
  history: ['read-model', 'writer', 'scheduler'],
  // The lease is the writer's port, the link the agent's; NATS implements both.
  bus: ['writer', 'agent'],
};

/** Placing and running pods is about these kinds, so these two parts may know more of them than the list of kinds. */
const DOORS_OPEN_TO_SCHEDULER_AND_AGENT = ['pod', 'node', 'service'].map((kind) => `machines/${kind}/index.ts`);

export const importsFollowTheRule: Rule = (file) =>
  file.imports.flatMap((imported): Violation[] => {
    const reason = forbidden(file, imported);
    return reason === undefined ? [] : [{ path: file.path, line: imported.line, reason }];
  });

function forbidden(file: SourceFile, imported: Import): string | undefined {
  if (imported.specifier === '(computed)') return 'a computed import cannot be checked; write the path out';
  const top = file.path.split('/')[0];
  if (top === 'machines') return forbiddenInMachines(file.path, imported);
  if (top === 'migrations')
    return imported.specifier === 'kysely' || imported.path?.startsWith('migrations/')
      ? undefined
      : 'migrations import kysely only: what they did must never change with the rest';
  if (top === 'src' && imported.path !== undefined) return forbiddenInSource(file.path, imported, imported.path);
  return undefined;
}

function forbiddenInMachines(from: string, { specifier, path }: Import): string | undefined {
  if (path === undefined) {
    if (specifier === 'xstate' || from === 'machines/schema.ts') return undefined;
    return `machines are pure: of libraries they import xstate only, and typebox through machines/schema.ts`;
  }
  if (!path.startsWith('machines/')) return 'machines import nothing outside machines/';
  const kind = kindOf(path);
  if (kind === undefined || kind === kindOf(from) || path === `machines/${kind}/index.ts`) return undefined;
  return `another kind is entered through its door, machines/${kind}/index.ts`;
}

function forbiddenInSource(from: string, imported: Import, to: string): string | undefined {
  if (to.startsWith('machines/')) return forbiddenDoor(from, to);
  if (to.startsWith('migrations/')) return partOf(from) === 'read-model' ? undefined : 'only src/read-model migrates';
  const [mine = '', theirs] = [partOf(from), partOf(to)];
  if (theirs === undefined) return 'src imports nothing but src, machines and migrations';
  if (mine === theirs) return undefined;
  if (mine === 'agent' && theirs === 'read-model') return 'agents never import the read model; they get work lists';
  if (mine === 'foundation') return 'src/foundation stands on nothing else of ours';
  if (SHARED.includes(theirs) || WIRING.includes(mine)) return undefined;
  if (MAY_OPEN[mine]?.includes(theirs)) return undefined;
  if (SHARED.includes(mine)) return `src/${mine} imports only ${SHARED.map((part) => `src/${part}`).join(', ')}`;
  if (imported.typeOnly) return undefined;
  return `only src/cell wires parts: import src/${theirs} as a type, and let the value be handed in`;
}

function forbiddenDoor(from: string, to: string): string | undefined {
  if (kindOf(to) === undefined) return undefined;
  const part = partOf(from);
  if ((part === 'scheduler' || part === 'agent') && DOORS_OPEN_TO_SCHEDULER_AND_AGENT.includes(to)) return undefined;
  return 'src imports kinds through machines/index.ts (scheduler and agent also the doors of pod, node and service)';
}

/** A chain of imports of values that leads from an agent to the read model is as good as importing it. */
export function agentsReachNoReadModel(files: readonly SourceFile[]): readonly Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const violations: Violation[] = [];
  const seen = new Set<string>();
  const follow = (file: SourceFile): void => {
    if (seen.has(file.path)) return;
    seen.add(file.path);
    for (const { path, line, typeOnly } of file.imports) {
      if (path === undefined || typeOnly) continue;
      if (partOf(path) === 'read-model')
        violations.push({ path: file.path, line, reason: 'an agent reaches the read model through this import' });
      else if (byPath.has(path)) follow(byPath.get(path)!);
    }
  };
  for (const file of files) if (partOf(file.path) === 'agent') follow(file);
  return violations;
}
