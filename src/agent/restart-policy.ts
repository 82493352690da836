/** Whether a container that ended runs again. Pure. */
import type { RestartPolicy, TerminatedReport } from '../../machines/pod/index.ts';

/** Kubernetes' default is Always. */
export function mayRunAgain(exit: TerminatedReport, policy: RestartPolicy = 'Always'): boolean {
  switch (policy) {
    case 'Always':
      return true;
    case 'OnFailure':
      return exit.exitCode !== 0;
    case 'Never':
      return false;
    default:
      return policy satisfies never;
  }
}
