/** How objects are named: kind, namespace and name are the key; the uid tells one life of a key from the next. */

/** The key of an object. `namespace` is empty for kinds of cluster scope. */
export interface ObjectKey {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** One string per key: `Pod/default/web-1`, `Node//n1`. Names cannot contain a slash. */
export function keyText(key: ObjectKey): string {
  return `${key.kind}/${key.namespace}/${key.name}`;
}

/** The reverse of keyText. */
export function parseKey(text: string): ObjectKey {
  const [kind, namespace, name] = text.split('/');
  if (kind === undefined || namespace === undefined || name === undefined)
    throw new Error(`not an object key: ${text}`);
  return { kind, namespace, name };
}

/** How people write it: `Pod default/web-1`, `Node n1`. */
export function displayKey(key: ObjectKey): string {
  return key.namespace === '' ? `${key.kind} ${key.name}` : `${key.kind} ${key.namespace}/${key.name}`;
}
