/** What rollback and undelete have in common: showing what would be done, doing it, and saying that it was. */
import type { CellClient } from '../bus/cell-client.ts';
import type { PlanAnswer } from '../bus/history-messages/plan.ts';
import { RefusedError, type Applied } from '../bus/outcome-errors.ts';
import { patchOf, readableChanges } from '../history/diff.ts';
import type { CommandContext } from './context.ts';
import { fieldLines } from './diff-lines.ts';
import { formatJson, formatYaml } from './output.ts';

export interface PlannedOptions {
  readonly dryRun?: boolean;
  readonly output?: 'json';
}

/** Prints what was found out about a plan besides what it does. */
export function tellNotes({ terminal }: CommandContext, { notes }: PlanAnswer): void {
  for (const note of notes) terminal.complain(`note: ${note}\n`);
}

/** Shows what a plan would do; nothing is sent. Rejects with RefusedError where the cell would refuse it. */
export async function showPlan(
  { terminal }: CommandContext,
  named: string,
  plan: PlanAnswer,
  { output }: PlannedOptions,
): Promise<void> {
  if (plan.refusal !== undefined) throw new RefusedError(plan.refusal);
  const { command, before, after, source, notes } = plan;
  if (output === 'json') {
    const patch = patchOf({ before: before ?? undefined, after: after ?? undefined });
    await terminal.write(formatJson({ object: named, dryRun: true, source, notes, command: command ?? null, patch }));
  } else if (command === undefined)
    await terminal.write(`${named} unchanged: it is what it was at revision ${source}\n`);
  else if (before === null || after === null) await terminal.write(`+ ${named}, to be created:\n${indented(after)}`);
  else await terminal.write(`~ ${named}\n${fieldLines(readableChanges({ before, after }))}`);
}

function indented(value: unknown): string {
  return formatYaml(value).replaceAll(/^(?=.)/gm, '    ');
}

/** Sends a plan's command as it is. Rejects as a client's `send` does. */
export async function carryOut(cell: CellClient, { command }: PlanAnswer): Promise<Applied | undefined> {
  return command === undefined ? undefined : cell.send(command);
}

/** Says what was done; nothing where all was so already. */
export async function tellDone(
  { terminal }: CommandContext,
  said: { readonly named: string; readonly verb: string; readonly plan: PlanAnswer },
  applied: Applied | undefined,
  { output }: PlannedOptions,
): Promise<void> {
  const { named, verb, plan } = said;
  const done = applied?.outcome === 'accepted' ? applied : undefined;
  if (output === 'json') {
    const { source, notes } = plan;
    const became = done === undefined ? {} : { revision: done.revision, uid: done.uid };
    const result = done === undefined ? 'unchanged' : verb;
    return terminal.write(formatJson({ object: named, result, source, notes, ...became }));
  }
  if (done === undefined) return terminal.write(`${named} unchanged: it is what it was at revision ${plan.source}\n`);
  return terminal.write(`${named} ${verb}, as it was at revision ${plan.source} (now revision ${done.revision})\n`);
}
