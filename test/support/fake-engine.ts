/** A stand-in for dockerd on a Unix socket, for what a real one cannot be asked to do: hang, die in a sentence, count starts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FakeRequest {
  readonly method: string;
  /** Without API version and query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
}

export interface FakeEngine {
  readonly socketPath: string;
  /** Ends every connection and stops listening; the socket is gone until it listens again. */
  stop(): Promise<void>;
  listen(): Promise<void>;
  remove(): Promise<void>;
}

/** Answers nothing by itself. */
export async function startFakeEngine(answer: (request: FakeRequest) => void): Promise<FakeEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'periplus-engine-'));
  const socketPath = join(directory, 'docker.sock');
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://engine');
    answer({ method: request.method ?? '', path: url.pathname, query: url.searchParams, response });
  });
  const listen = () => new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen();
  return {
    socketPath,
    stop,
    listen,
    async remove() {
      if (server.listening) await stop();
      rmSync(directory, { recursive: true });
    },
  };
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}
