/** How far back commands are recognised: state of the cell, never a process's flag. */
import type { ObjectContext, View } from '../../machines/index.ts';
import { DEFAULT_COMMAND_HORIZON } from './outcomes.ts';

interface ConfigurationContext extends ObjectContext {
  readonly spec?: { readonly commandHorizon?: number };
}

/** The horizon of a view, revisions. */
export function commandHorizon(view: View): number {
  const configuration = view.get<ConfigurationContext>('CellConfiguration', '', 'cell');
  return configuration?.context.spec?.commandHorizon ?? DEFAULT_COMMAND_HORIZON;
}
