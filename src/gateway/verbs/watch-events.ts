/** What a watch writes: one line of JSON an event, in the form its client asked for. */
import type { Kind, ObjectRecord } from '../../../machines/index.ts';
import type { Shape } from '../http/negotiation.ts';
import type { Selection } from '../resources/selection.ts';
import { tableOfOne, type IncludeObject } from '../resources/table.ts';
import type { RevisionChange } from '../state/recent-changes.ts';
import { manifestText, metadataOf, removedAt } from '../state/render.ts';

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** Marks the bookmark behind the objects that were there at the beginning (KEP-3157). */
const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' };

export interface WatchForm {
  readonly kind: Kind;
  readonly selection: Selection;
  readonly shape: Shape;
  readonly include: IncludeObject;
  /** Unix milliseconds. */
  now(): number;
}

export class WatchEvents {
  readonly #form: WatchForm;
  #toldColumns = false;

  constructor(form: WatchForm) {
    this.#form = form;
  }

  /** An object that is there at the beginning. */
  initial(record: ObjectRecord): string {
    return this.#line('ADDED', record);
  }

  /** Undefined where the change does not concern the watch. An object that begins or ceases to match comes or goes. */
  change({ kind, revision, before, after }: RevisionChange): string | undefined {
    const { selection } = this.#form;
    if (kind !== selection.kind) return undefined;
    const was = before !== undefined && selection.matches(before);
    const is = after !== undefined && selection.matches(after);
    if (is) return this.#line(was ? 'MODIFIED' : 'ADDED', after);
    if (!was) return undefined;
    return this.#line('DELETED', removedAt(after ?? before, revision));
  }

  bookmark(revision: number, { endOfInitial }: { readonly endOfInitial: boolean }): string {
    const { kind, shape } = this.#form;
    const annotations = endOfInitial ? { annotations: INITIAL_EVENTS_END } : {};
    const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...annotations };
    const object =
      shape.as === 'object'
        ? { kind: kind.kind, apiVersion: kind.apiVersion, metadata }
        : this.#shapedBookmark(shape.as, shape.version, metadata);
    return `${JSON.stringify({ type: 'BOOKMARK', object })}\n`;
  }

  #shapedBookmark(as: 'table' | 'metadata', apiVersion: string, metadata: object): object {
    if (as === 'metadata') return { kind: 'PartialObjectMetadata', apiVersion, metadata };
    return { kind: 'Table', apiVersion, metadata, columnDefinitions: null, rows: [] };
  }

  #line(type: EventType, record: ObjectRecord): string {
    return `{"type":"${type}","object":${this.#text(record)}}\n`;
  }

  #text(record: ObjectRecord): string {
    const { shape, include, now } = this.#form;
    if (shape.as === 'object') return manifestText(record);
    if (shape.as === 'metadata') return JSON.stringify(metadataOf(record, shape.version));
    const withColumns = !this.#toldColumns;
    this.#toldColumns = true;
    return JSON.stringify(tableOfOne(record, { version: shape.version, include, now: now(), withColumns }));
  }
}
