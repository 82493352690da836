/** What a command would do to the cell as it is now: decided as the writer decides it, and thrown away. */
import {
  decideCommand,
  evolve,
  initialState,
  renderManifest,
  type Kind,
  type MachineState,
  type Manifest,
  type ObjectRecord,
  type View,
} from '../../machines/index.ts';
import type { PlanAnswer, PlannedCommand } from '../bus/history-messages/plan.ts';

/** The writer gives an object its uid, and the time at which it is made. */
const NOT_YET = '';

/** The plan of a command that is sent unless it would change nothing. */
export function planOf(
  { view, now }: { readonly view: View; readonly now: number },
  kind: Kind,
  command: PlannedCommand,
  more: Pick<PlanAnswer, 'source' | 'notes'>,
): PlanAnswer {
  const current = view.get(command.kind, command.namespace, command.name);
  const before = current === undefined ? null : renderManifest(kind, current);
  const facts = { now, newUid: () => NOT_YET, newSuffix: () => NOT_YET };
  const decision = decideCommand(kind, { ...command, id: NOT_YET, actor: NOT_YET }, view, facts);
  if ('refusal' in decision) return { command, before, after: before, refusal: decision.refusal, ...more };
  if (decision.events.length === 0) return { before, after: before, ...more };
  let state: MachineState = current ?? initialState(kind.machine);
  for (const { type, data } of decision.events) state = evolve(kind.machine, state, { type, data, time: now });
  return { command, before, after: rendered(kind, command, current, state), ...more };
}

function rendered(
  kind: Kind,
  { namespace, name }: PlannedCommand,
  current: ObjectRecord | undefined,
  state: MachineState,
): Manifest {
  const { uid = NOT_YET, revision = 0, createdRevision = 0, correlation = 0 } = current ?? {};
  const record = { kind: kind.kind, namespace, name, uid, revision, createdRevision, correlation, ...state };
  const manifest = renderManifest(kind, record);
  if (current !== undefined) return manifest;
  const { uid: _uid, creationTimestamp: _time, resourceVersion: _revision, ...metadata } = manifest.metadata;
  return { ...manifest, metadata: metadata as Manifest['metadata'] };
}
