/** Commands as programs write them: without what can be filled in. */
import { kinds, type CommandDraft, type Kind } from '../../machines/index.ts';

/** A command without what the client fills in: id and namespace. */
export type SentCommand = Omit<CommandDraft, 'id' | 'namespace'> & {
  readonly id?: string;
  readonly namespace?: string;
};

/** Where an object is: a name, and its namespace where that is not `default`. */
export interface Where {
  readonly namespace?: string;
}

const DEFAULT_NAMESPACE = 'default';

/** The namespace an object is in: none for kinds of cluster scope, `default` where none is said. */
export function namespaceOf(kind: string, where: Where): string {
  const known: Kind | undefined = kinds.get(kind);
  return known && !known.namespaced ? '' : (where.namespace ?? DEFAULT_NAMESPACE);
}
