/** A list without a limit, as the pieces of its answer. */
import type { AnyObject } from './query-messages.ts';
import type { ListOptions, ObjectQueries } from './query-source.ts';

/** All pages of one revision; read as fast as the receiver takes them. */
export function* wholeList<Field extends string>(
  queries: ObjectQueries<Field>,
  selection: ListOptions<Field>,
): Generator<Uint8Array> {
  using snapshot = queries.snapshot();
  yield Buffer.from(`{"revision":${snapshot.revision()},"items":[`);
  let after: ListOptions<Field>['after'];
  let separator = '';
  for (;;) {
    const page = snapshot.list({ ...selection, ...(after ? { after } : {}) });
    if (page.items.length > 0) yield Buffer.from(separator + page.items.join(','));
    separator = ',';
    const last = page.items.at(-1);
    if (page.continue === undefined || last === undefined) break;
    after = keyOf(last);
  }
  yield Buffer.from(']}');
}

/** Namespace and name of an object's JSON text. */
function keyOf(item: string): { readonly namespace: string; readonly name: string } {
  const { metadata } = JSON.parse(item) as AnyObject;
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}
