/** `/healthz`, `/livez`, `/readyz`: whether the gateway is alive, and whether it can answer with the newest state. */
import type { Exchange } from '../http/exchange.ts';
import type { Follower } from '../state/follower.ts';

interface Check {
  readonly name: string;
  /** Rejects where it fails. */
  run(): Promise<void>;
}

const alive: Check = { name: 'ping', run: () => Promise.resolve() };

/** The checks of a path. */
function checksOf(path: string, follower: Pick<Follower, 'upToDate'>): readonly Check[] {
  return path === '/livez' ? [alive] : [alive, { name: 'log', run: () => follower.upToDate() }];
}

/** Answers as Kubernetes does: `ok`, or each check with `?verbose`, and 500 where one fails. */
export async function health(exchange: Exchange, follower: Pick<Follower, 'upToDate'>): Promise<void> {
  const path = `/${exchange.path.split('/')[1] ?? ''}`;
  const one = exchange.path.split('/')[2];
  const excluded = exchange.query.getAll('exclude');
  const checks = checksOf(path, follower).filter(({ name }) => (one ?? name) === name && !excluded.includes(name));
  const results = await Promise.all(
    checks.map(async ({ name, run }) => {
      const failed = await run().then(
        () => false,
        () => true,
      );
      return { failed, line: failed ? `[-]${name} failed: reason withheld` : `[+]${name} ok` };
    }),
  );
  const name = path.slice(1);
  const failed = results.some((result) => result.failed);
  const lines = [...results.map(({ line }) => line), `${name} check ${failed ? 'failed' : 'passed'}`, ''];
  const verbose = failed || exchange.query.has('verbose');
  exchange.sendText(failed ? 500 : 200, verbose ? lines.join('\n') : 'ok', 'text/plain; charset=utf-8');
}
