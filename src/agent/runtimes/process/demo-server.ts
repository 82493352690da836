/** The demo's container where there is no Docker: one page that names its pod, on $PORT; ends at once on SIGTERM. */
import { createServer } from 'node:http';
import { hostname } from 'node:os';

const DEFAULT_PORT = 8080;

const pod = process.env['HOSTNAME'] ?? hostname();
const port = Number(process.env['PORT'] ?? DEFAULT_PORT);

const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(`<!doctype html>\n<title>Periplus</title>\n<p>Hello from pod ${pod}.</p>\n`);
});

process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});

server.listen(port, () => console.log(`pod ${pod} serves on port ${port}`));
