/** How people name kinds and objects: plural, singular, short name, `kind/name`. */
import { kinds, type Kind } from '../../machines/index.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

/** What `get all` shows: what runs, as with kubectl. */
const ALL = ['Pod', 'ReplicationController'];

/** A kind by any of its names. Raises CommandFailure for a name that is none. */
export function kindNamed(name: string): Kind {
  const lower = name.toLowerCase();
  const [plain = '', group] = splitGroup(lower);
  for (const kind of kinds.values()) {
    const names = [kind.kind.toLowerCase(), kind.plural, kind.singular, ...kind.shortNames];
    if (names.includes(plain) && (group === undefined || kind.group === group)) return kind;
  }
  throw new CommandFailure(`the server doesn't have a resource type "${name}"`);
}

function splitGroup(name: string): readonly [string, string?] {
  const dot = name.indexOf('.');
  return dot === -1 ? [name] : [name.slice(0, dot), name.slice(dot + 1)];
}

/** What a command line names. */
export interface Named {
  readonly kind: Kind;
  /** All of the kind when empty. */
  readonly names: readonly string[];
}

/** `pods`, `pods,rc`, `pod web-1 web-2`, `pod/web-1 rc/web`, `all`. */
export function parseResources(words: readonly string[]): readonly Named[] {
  const [first] = words;
  if (first === undefined) {
    throw new CommandFailure('say which kind of object, such as pods', EXIT.usage);
  }
  if (first.includes('/')) return words.map(parsePair);
  const names = words.slice(1);
  const mixed = names.find((name) => name.includes('/'));
  if (mixed !== undefined) {
    throw new CommandFailure(
      `"${mixed}": there is no need to name the kind twice; use KIND NAME... or KIND/NAME...`,
      EXIT.usage,
    );
  }
  const listed = first
    .split(',')
    .filter((word) => word !== '')
    .flatMap((word) => (word === 'all' ? ALL : [word]));
  if (listed.length > 1 && names.length > 0) {
    throw new CommandFailure('names can be given for one kind only', EXIT.usage);
  }
  return listed.map((word) => ({ kind: kindNamed(word), names }));
}

function parsePair(word: string): Named {
  const [kind, name, ...rest] = word.split('/');
  if (!kind || !name || rest.length > 0) throw new CommandFailure(`"${word}" is not KIND/NAME`, EXIT.usage);
  return { kind: kindNamed(kind), names: [name] };
}

/** Exactly one object. */
export function parseOne(words: readonly string[]): { readonly kind: Kind; readonly name: string } {
  const [named, ...more] = parseResources(words);
  const [name, ...others] = named?.names ?? [];
  if (named === undefined || name === undefined || more.length + others.length > 0) {
    throw new CommandFailure('name one object: KIND NAME or KIND/NAME', EXIT.usage);
  }
  return { kind: named.kind, name };
}

/** `pod/web-1`, as messages name objects; kinds of a group carry it. */
export function displayName(kind: Kind, name: string): string {
  return `${kind.group === '' ? kind.singular : `${kind.singular}.${kind.group}`}/${name}`;
}
