/** `apply -f FILE`: makes objects what their manifests say. */
import type { Command } from 'commander';
import type { ApplyOutcome } from '../../bus/apply-all.ts';
import type { GivenManifest } from '../../bus/apply.ts';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { failureOf } from '../failures.ts';
import { addFiles, addNamespace, addOutput, type GlobalOptions } from '../flags.ts';
import { readManifests } from '../manifest-files.ts';
import { formatJson, formatYaml } from '../output.ts';
import { displayName, kindNamed } from '../resources.ts';

interface ApplyOptions extends GlobalOptions {
  readonly filename?: readonly string[];
  readonly namespace?: string;
  readonly output?: 'json' | 'yaml' | 'name';
}

export function addApply(program: Command, context: CommandContext): void {
  const command = program.command('apply').description('create objects, or change them to what their manifests say');
  addOutput(addNamespace(addFiles(command)), ['json', 'yaml', 'name']).action(async (_options, self: Command) => {
    await apply(context, self.optsWithGlobals<ApplyOptions>());
  });
}

async function apply(context: CommandContext, options: ApplyOptions): Promise<void> {
  if (!options.filename) throw new CommandFailure('say what to apply: -f FILE', EXIT.usage);
  const manifests = await readManifests(options.filename, context.terminal.input, options.namespace);
  await withCell(context, options.data, async (cell) => {
    const outcomes = await cell.applyAll(manifests);
    if (options.output === 'json' || options.output === 'yaml') {
      const keys = manifests.flatMap(({ kind, metadata: { namespace = '' } }, index) => {
        const outcome = outcomes[index];
        return outcome && outcome.result !== 'failed' ? [{ kind, namespace, name: outcome.name }] : [];
      });
      const items = (await cell.queries.get({ keys })).items.filter((item) => item !== null);
      const answer =
        items.length === 1 ? items[0] : { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items };
      await context.terminal.write(options.output === 'json' ? formatJson(answer) : formatYaml(answer));
    }
    for (const [index, outcome] of outcomes.entries()) {
      await tell(context, options, manifests[index] as GivenManifest, outcome);
    }
    if (outcomes.some(({ result }) => result === 'failed')) throw new CommandFailure('');
  });
}

async function tell(
  { terminal }: CommandContext,
  { output }: ApplyOptions,
  { kind }: GivenManifest,
  outcome: ApplyOutcome,
): Promise<void> {
  if (outcome.result === 'failed') {
    return terminal.complain(`${failureOf(outcome.error)?.message ?? outcome.error.message}\n`);
  }
  const name = displayName(kindNamed(kind), outcome.name);
  if (output === undefined) await terminal.write(`${name} ${outcome.result}\n`);
  if (output === 'name') await terminal.write(`${name}\n`);
}
