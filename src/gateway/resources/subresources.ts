/** The parts of objects that have paths of their own: which there are, what may be done with them, and what discovery says of them. */
import type { Kind } from '../../../machines/index.ts';
import type { Exchange } from '../http/exchange.ts';
import { StatusError } from '../http/status.ts';
import { bind } from '../verbs/binding.ts';
import { get, type ObjectTarget } from '../verbs/get.ts';
import { log } from '../verbs/log.ts';
import { getScale, isScalable, patchScale, updateScale } from '../verbs/scale.ts';
import type { Services } from '../verbs/services.ts';

type Handler = (exchange: Exchange, target: ObjectTarget, services: Services) => Promise<void>;

/** A part of the objects of some kinds. */
export interface Subresource {
  readonly name: string;
  /** What it is read and written as, where that is not the object's own kind. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
  readonly verbs: Readonly<Record<string, Handler>>;
  belongsTo(kind: Kind): boolean;
}

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
const BINDING = { group: '', version: 'v1', kind: 'Binding' };

const ALL: readonly Subresource[] = [
  // Reported by agents and controllers, so it is read only.
  { name: 'status', verbs: { get }, belongsTo: ({ parts }) => parts.includes('status') },
  {
    name: 'scale',
    kind: SCALE,
    verbs: { get: getScale, update: updateScale, patch: patchScale },
    belongsTo: isScalable,
  },
  { name: 'log', verbs: { get: log }, belongsTo: isPod },
  { name: 'binding', kind: BINDING, verbs: { create: bind }, belongsTo: isPod },
];

/** Served by Kubernetes and not yet here, with what to do instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  exec: 'use "periplus exec POD -- COMMAND"',
  attach: 'use "kubectl logs -f", or "periplus exec"',
  portforward: "reach the pod at its node's address",
  proxy: "reach the pod at its node's address",
  eviction: 'delete the pod',
};

function isPod({ kind }: Kind): boolean {
  return kind === 'Pod';
}

export function subresourcesOf(kind: Kind): readonly Subresource[] {
  return ALL.filter((one) => one.belongsTo(kind));
}

/** What does a verb on a part of an object. Raises NotFound, MethodNotAllowed, NotImplemented. */
export function subresourceHandler(target: ObjectTarget, verb: string): Handler {
  const { kind, name = '', subresource = '' } = target;
  const [part = ''] = subresource.split('/');
  const found = subresourcesOf(kind).find((one) => one.name === subresource);
  if (found === undefined) {
    if (isPod(kind) && Object.hasOwn(INSTEAD, part)) {
      const message = `${kind.plural}/${part} is not served by this version of Periplus: ${INSTEAD[part]}`;
      throw new StatusError('NotImplemented', message, { name, kind: kind.plural });
    }
    throw new StatusError('NotFound', 'the server could not find the requested resource', { name, kind: kind.plural });
  }
  const handler = Object.hasOwn(found.verbs, verb) ? found.verbs[verb] : undefined;
  if (handler !== undefined) return handler;
  const why = part === 'status' ? ': status is what agents and controllers report' : '';
  throw new StatusError('MethodNotAllowed', `the server does not allow this method on the requested resource${why}`, {
    name,
    kind: kind.plural,
  });
}
