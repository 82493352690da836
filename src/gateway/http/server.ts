/** The HTTPS server: limits on what a connection may cost, who is asking, and a Status for everything that goes wrong. */
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LogUnavailableError } from '../../log/event-log.ts';
import { NoResponderError, RequestTimeoutError } from '../../bus/requester.ts';
import type { Logger } from '../../foundation/logger.ts';
import { authenticate, type TokenAuthenticator } from '../identity/authentication.ts';
import type { KeyPair } from '../identity/certificates.ts';
import { BehindError } from '../state/follower.ts';
import { Exchange, INTERNAL_FAILURE } from './exchange.ts';
import type { Answer } from './routes.ts';
import { failure, StatusError, type Status } from './status.ts';

/** A client that takes longer to say what it wants is none. */
const HEADERS_MAX_MS = 10_000;
/** Longest for a whole request to arrive: 3 MB over a slow line. */
const REQUEST_MAX_MS = 60_000;
/** Clients ask in bursts; Go's keep connections for 90 s. */
const KEEP_ALIVE_MS = 95_000;
/** How often connections are looked at for those limits. */
const CHECK_MS = 5_000;
const HANDSHAKE_MAX_MS = 10_000;
/** 1,000 watches and as many requests beside them, with room; each open connection takes some 50 kB. */
export const CONNECTIONS_MAX = 8_192;
const HEADERS_MAX_BYTES = 32 * 1024;

export interface HttpsServerOptions {
  readonly certificate: KeyPair;
  /** Certificate of the authority that client certificates must come from, PEM. */
  readonly clientAuthority: string;
  readonly tokens: TokenAuthenticator;
  readonly answer: Answer;
  readonly logger: Logger;
}

export class HttpsServer {
  readonly #server: Server;
  readonly #options: HttpsServerOptions;

  constructor(options: HttpsServerOptions) {
    const { certificate, clientAuthority } = options;
    this.#options = options;
    this.#server = createServer(
      {
        cert: certificate.certificate,
        key: certificate.key,
        ca: clientAuthority,
        requestCert: true,
        // Who has none may have a token.
        rejectUnauthorized: false,
        minVersion: 'TLSv1.2',
        handshakeTimeout: HANDSHAKE_MAX_MS,
        headersTimeout: HEADERS_MAX_MS,
        requestTimeout: REQUEST_MAX_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: CHECK_MS,
        maxHeaderSize: HEADERS_MAX_BYTES,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Resolves with the port; rejects with the system's error, EADDRINUSE say. Port 0 is any free one. */
  listen(address: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, address, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** For connections from now on. */
  useCertificate({ certificate, key }: KeyPair): void {
    this.#server.setSecureContext({ cert: certificate, key, ca: this.#options.clientAuthority });
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A connection that breaks is noticed where it matters; without a listener it would end the process.
    response.on('error', () => undefined);
    let exchange: Exchange | undefined;
    try {
      const user = await authenticate(request, this.#options.tokens);
      exchange = new Exchange(request, response, user ?? { name: '', groups: [] });
      if (user === undefined) return exchange.fail(failure('Unauthorized', 'Unauthorized'));
      await this.#options.answer(exchange);
    } catch (error) {
      this.#fail(error, exchange, response);
    }
  }

  #fail(error: unknown, exchange: Exchange | undefined, response: ServerResponse): void {
    // Whoever went away while it was being read has nobody to be told.
    if (exchange === undefined || response.destroyed) return void response.destroy();
    const status = statusOf(error);
    if (status === INTERNAL_FAILURE)
      this.#options.logger.error('a request failed', { method: exchange.method, path: exchange.path, error });
    exchange.fail(status);
  }
}

function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  const passing =
    error instanceof BehindError ||
    error instanceof NoResponderError ||
    error instanceof RequestTimeoutError ||
    error instanceof LogUnavailableError;
  if (!passing) return INTERNAL_FAILURE;
  const message = `the cell cannot say now how far it is (${error.message}): try again, or ask for resourceVersion=0`;
  return failure('ServiceUnavailable', message, { retryAfterSeconds: 1 });
}
