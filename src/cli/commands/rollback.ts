/** `rollback KIND/NAME --to WHEN`: makes an object what it was, by an ordinary command. */
import { Option, type Command } from 'commander';
import { namespaceOf } from '../../bus/sent-command.ts';
import { withCell, type CommandContext } from '../context.ts';
import { addNamespace, type GlobalOptions } from '../flags.ts';
import { momentOf } from '../moment.ts';
import { carryOut, showPlan, tellDone, tellNotes, type PlannedOptions } from '../planned.ts';
import { displayName, parseOne } from '../resources.ts';

interface RollbackFlags extends GlobalOptions, PlannedOptions {
  readonly namespace?: string;
  readonly to: string;
}

export function addRollback(program: Command, context: CommandContext): void {
  const command = program
    .command('rollback <object> [name]')
    .description('make an object what its users had made of it at a moment of the past')
    .requiredOption('--to <when>', 'a revision, a time, or how long ago: 1042, 2026-01-01T12:00:00Z, 15m')
    .option('--dry-run', 'show what would change, and change nothing')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['json']))
    .addHelpText(
      'after',
      `
Labels, annotations and the parts that users write become what they were. Status, finalizers, owners, and what the cluster
chose, such as a pod's node, stay. Who changed the object at the same time is not overwritten: then it is refused with Conflict.`,
    );
  addNamespace(command).action(async (object: string, name: string | undefined, _, self: Command) => {
    const options = self.optsWithGlobals<RollbackFlags>();
    const target = parseOne(name === undefined ? [object] : [object, name]);
    const to = momentOf('--to', options.to, context.clock.now());
    const { kind } = target.kind;
    const query = { kind, namespace: namespaceOf(kind, options), name: target.name, to };
    const named = displayName(target.kind, target.name);
    await withCell(context, options.data, async (cell) => {
      const plan = await cell.queries.ask('rollback', query);
      tellNotes(context, plan);
      if (options.dryRun === true) return showPlan(context, named, plan, options);
      await tellDone(context, { named, verb: 'rolled back', plan }, await carryOut(cell, plan), options);
    });
  });
}
