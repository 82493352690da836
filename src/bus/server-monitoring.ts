/** What nats-servers say of themselves over HTTP: health, and whether what they acknowledge is on disk. */
import type { Logger } from '../foundation/logger.ts';
import { NatsServerError, NotDurableError } from './server-error.ts';

/** Asks one monitoring endpoint, such as `jsz`. Raises NatsServerError when there is no good answer. */
export async function askServer<Answer>(monitoringUrl: string, endpoint: string): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(`${monitoringUrl}/${endpoint}`);
  } catch (cause) {
    throw new NatsServerError(`nats-server does not answer at ${monitoringUrl}`, { cause });
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new NatsServerError(`nats-server at ${monitoringUrl} answers ${endpoint} with HTTP ${response.status}`);
  }
  return (await response.json()) as Answer;
}

/** Whether the server answers and has recovered its streams. */
export async function isHealthy(monitoringUrl: string): Promise<boolean> {
  try {
    await askServer(monitoringUrl, 'healthz');
    return true;
  } catch {
    return false;
  }
}

/** The part of `/varz` we use. */
export interface ServerVariables {
  readonly server_name: string;
  readonly version: string;
  /** RFC 3339 with nanoseconds: changes with each reload. */
  readonly config_load_time: string;
}

interface JetStreamReport {
  readonly config?: { readonly sync_always?: boolean };
}

/**
 * Makes sure that every server of the cluster syncs before it acknowledges. Raises NotDurableError for one that does not,
 * unless the operator accepts it, which is said loudly; NatsServerError for one that does not answer.
 */
export async function requireDurable(
  monitoringUrls: readonly string[],
  options: { readonly acceptLossOnPowerFailure: boolean; readonly logger: Logger },
): Promise<void> {
  if (monitoringUrls.length === 0) throw new NotDurableError('no nats-server named to ask about sync_interval');
  const reports = await Promise.all(monitoringUrls.map((url) => askServer<JetStreamReport>(url, 'jsz')));
  const weak = monitoringUrls.filter((_, index) => reports[index]?.config?.sync_always !== true);
  if (weak.length === 0) return;
  if (!options.acceptLossOnPowerFailure) {
    throw new NotDurableError(
      `nats-server at ${weak.join(', ')} acknowledges what is not on disk yet: set "sync_interval: always" in its jetstream configuration and restart it`,
    );
  }
  options.logger.warn('acknowledged commands can be lost when power fails: sync_interval is not always', {
    servers: weak,
  });
}
