/** PATCH: applied to the object as it is here, and sent as what it makes of it; decided again where somebody else was faster. */
import type { Fields } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { StatusError } from '../http/status.ts';
import { readPatch, type Patch } from '../patch/patch-body.ts';
import { completeManifest, isDryRun } from '../resources/manifest-body.ts';
import { manifestOf } from '../state/render.ts';
import type { Written } from '../state/writes.ts';
import { requireSameName, stillThere } from './create.ts';
import { found, sendObject, type ObjectTarget } from './get.ts';
import type { Services } from './services.ts';

/** As often as Kubernetes: whoever loses to others so often is told. */
export const PATCH_ATTEMPTS = 5;

export async function patch(exchange: Exchange, target: ObjectTarget, services: Services): Promise<void> {
  const form = exchange.negotiate();
  const dryRun = isDryRun(exchange.query.getAll('dryRun'), 'PatchOptions');
  const change = readPatch(await exchange.body(), target.kind);
  await services.follower.upToDate();
  const written = await repeatedly(() => applyOnce(exchange, target, { change, dryRun }, services));
  sendObject(exchange, 200, stillThere(written), { form, now: services.clock.now() });
}

/** A change that somebody else got in front of, though its sender did not ask for a version. */
class OvertakenError extends Error {
  readonly conflict: StatusError;

  constructor(conflict: StatusError) {
    super(conflict.message);
    this.conflict = conflict;
  }
}

/** Tries again where it was overtaken. */
async function repeatedly<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let left = PATCH_ATTEMPTS; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof OvertakenError)) throw error;
      if (left === 1) throw error.conflict;
    }
  }
}

async function applyOnce(
  exchange: Exchange,
  target: ObjectTarget,
  { change, dryRun }: { readonly change: Patch; readonly dryRun: boolean },
  { follower, writes }: Services,
): Promise<Written> {
  const { kind, namespace = '', name } = target;
  const current = manifestOf(found(follower.state.get(kind.kind, namespace, name), target)) as unknown as Fields;
  const manifest = completeManifest(exchange, kind, change(current));
  requireSameName(manifest, target);
  const isOwn = manifest.metadata['resourceVersion'] === (current['metadata'] as Fields)['resourceVersion'];
  try {
    const wanted = { user: exchange.user, kind, namespace, name, verb: 'replace', arguments: { manifest }, dryRun };
    return await writes.write(wanted);
  } catch (error) {
    if (isOwn && error instanceof StatusError && error.status.reason === 'Conflict') {
      // Whoever overtook us is folded by now: the refusal was decided after it.
      await follower.upToDate();
      throw new OvertakenError(error);
    }
    throw error;
  }
}
