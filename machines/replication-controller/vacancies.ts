/** Where replicas are missing, and what the pods that fill in are called. */
import type { ReconcileInput } from '../kind.ts';
import type { PodRecord } from '../pod/index.ts';
import type { Vacancy } from './drafts.ts';
import type { ControllerRecord, Replicas } from './replicas.ts';

/** The lowest free slots, each with the pod that left it where that is still in sight. */
export function vacancies(
  replicas: Replicas,
  young: readonly PodRecord[],
  count: number,
  revision: number,
): readonly Vacancy[] {
  const taken = new Set([...replicas.live, ...young].map(({ context }) => context.slot));
  const left = new Map<number, PodRecord>();
  for (const pod of [...replicas.leaving, ...replicas.finished]) {
    const { slot } = pod.context;
    if (slot !== undefined && pod.revision > (left.get(slot)?.revision ?? 0)) left.set(slot, pod);
  }
  const open: Vacancy[] = [];
  for (let slot = 0; open.length < count; slot++) {
    if (!taken.has(slot)) open.push({ slot, left: left.get(slot), revision });
  }
  return open;
}

/** Generated names end in five characters, and stay within 63 as Kubernetes' do. */
const BASE_MAX_LENGTH = 58;
/** Names derived for one vacancy until one is free; with 14 million suffixes a second is rarely needed. */
const NAME_ATTEMPTS = 8;

/** Names for the pods of one pass: derived from owner and vacancy, none of them in use. */
export function replicaNames(input: ReconcileInput, controller: ControllerRecord): (vacancy: Vacancy) => string {
  const base = `${controller.name}-`.slice(0, BASE_MAX_LENGTH);
  const given = new Set<string>();
  return ({ slot, revision }) => {
    let name = '';
    for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
      const text = `${controller.uid}/${slot}/${revision}`;
      name = base + input.suffixOf(attempt === 0 ? text : `${text}/${attempt}`);
      if (!given.has(name) && input.view.get('Pod', controller.namespace, name) === undefined) break;
    }
    given.add(name);
    return name;
  };
}
