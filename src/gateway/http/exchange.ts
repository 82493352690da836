/** One request and its answer, as the routes see them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { stringify } from 'yaml';
import type { User } from '../identity/user.ts';
import { readBody, type Body } from './body.ts';
import { negotiate, type Negotiated } from './negotiation.ts';
import { failure, type Status } from './status.ts';

export const CONTENT_TYPES = { json: 'application/json', yaml: 'application/yaml' } as const;

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly user: User;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly #warnings: string[] = [];

  constructor(request: IncomingMessage, response: ServerResponse, user: User) {
    const [path = '/', query = ''] = splitOnce(request.url ?? '/', '?');
    this.request = request;
    this.response = response;
    this.user = user;
    this.path = path;
    this.query = new URLSearchParams(query);
  }

  get method(): string {
    return this.request.method ?? 'GET';
  }

  /** The form to answer in. Raises NotAcceptable. */
  negotiate(): Negotiated {
    return negotiate(this.request.headers.accept);
  }

  body(): Promise<Body> {
    return readBody(this.request);
  }

  /** Tells of something that was done in spite of; kubectl shows it. */
  warn(text: string): void {
    this.#warnings.push(`299 - "${text.replaceAll(/[\\"]/g, '\\$&').replaceAll(/[^\u0020-\u007e]/g, '?')}"`);
  }

  /** Whether the client is gone, or has been answered. */
  get over(): boolean {
    return this.response.destroyed || this.response.writableEnded;
  }

  /** Answers with an object. */
  send(code: number, value: unknown, { encoding }: Pick<Negotiated, 'encoding'> = { encoding: 'json' }): void {
    if (encoding === 'yaml') return this.sendText(code, stringify(value), CONTENT_TYPES.yaml);
    this.sendText(code, JSON.stringify(value), CONTENT_TYPES.json);
  }

  /** Answers with text of any type. */
  sendText(code: number, text: string, type: string): void {
    this.sendBytes(code, Buffer.from(text), type);
  }

  sendBytes(code: number, bytes: Uint8Array, type: string): void {
    if (this.over) return;
    this.begin(code, { 'Content-Type': type, 'Content-Length': String(bytes.byteLength) });
    this.response.end(this.method === 'HEAD' ? undefined : bytes);
  }

  /** Begins an answer whose body the caller writes. */
  begin(code: number, headers: Readonly<Record<string, string>>): void {
    const warnings = this.#warnings.length > 0 ? { Warning: this.#warnings } : {};
    this.response.writeHead(code, { ...headers, 'Cache-Control': 'no-cache, private', ...warnings });
  }

  /** Answers with a Status; once an answer has begun, the connection is all that is left to say no with. */
  fail(status: Status): void {
    if (this.response.headersSent) return void this.response.destroy();
    const retry = status.details?.retryAfterSeconds;
    if (retry !== undefined) this.response.setHeader('Retry-After', String(retry));
    // What of the body was not read is not worth reading.
    if (!this.request.complete) this.response.setHeader('Connection', 'close');
    this.send(status.code, status);
  }
}

/** For clients that are no longer there to be told. */
export const INTERNAL_FAILURE = failure(
  'InternalError',
  "Internal error occurred: the gateway could not answer; see the gateway's log",
);

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
