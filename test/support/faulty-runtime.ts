/** A container runtime with faults put in between: calls that fail, hang, or fail only after they were carried out. */
import type { ContainerRuntime } from '../../src/agent/runtimes/container-runtime.ts';

type AsyncMethod =
  | 'info'
  | 'inventory'
  | 'ensureImage'
  | 'createSandbox'
  | 'removeSandbox'
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'inspectContainer';

/** Called before a call; may throw, wait, or give the answer (`{ answer }`). */
export type Fault = (
  method: AsyncMethod,
  args: readonly unknown[],
) => Promise<{ readonly answer: unknown } | void> | void;

export interface FaultyRuntime extends ContainerRuntime {
  before: Fault | undefined;
  /** Called after a call was carried out; may throw. */
  after: Fault | undefined;
  readonly calls: { readonly method: AsyncMethod; readonly args: readonly unknown[] }[];
}

const METHODS: readonly AsyncMethod[] = [
  'info',
  'inventory',
  'ensureImage',
  'createSandbox',
  'removeSandbox',
  'createContainer',
  'startContainer',
  'stopContainer',
  'removeContainer',
  'inspectContainer',
];

/** Everything goes through to the inner runtime unless `before` or `after` say otherwise. */
export function createFaultyRuntime(inner: ContainerRuntime): FaultyRuntime {
  const faulty: Record<string, unknown> = {
    kind: inner.kind,
    before: undefined,
    after: undefined,
    calls: [],
    logs: inner.logs.bind(inner),
    exec: inner.exec.bind(inner),
    events: inner.events.bind(inner),
    close: inner.close.bind(inner),
  };
  const runtime = faulty as unknown as FaultyRuntime;
  for (const method of METHODS) {
    const call = inner[method].bind(inner) as (...args: unknown[]) => Promise<unknown>;
    faulty[method] = async (...args: unknown[]) => {
      runtime.calls.push({ method, args });
      const instead = await runtime.before?.(method, args);
      if (instead !== undefined) return instead.answer;
      const answer = await call(...args);
      await runtime.after?.(method, args);
      return answer;
    };
  }
  return runtime;
}
