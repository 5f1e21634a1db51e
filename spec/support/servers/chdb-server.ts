/**
 * A program: serves ClickHouse's HTTP interface over chDB, which is the real engine as a library. It has no users and no TLS.
 * Its arguments are the folder that chDB is installed in, the folder of the data, and the port.
 */
import { createRequire } from 'node:module';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { dirname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';

/** The used part of chDB's session, which is a connection. */
interface Session {
  query(sql: string): string;
  queryAsync(sql: string, options: { readonly format: string }): Promise<{ bytes(): Uint8Array }>;
}

const [, , installed = '', data = '', port = ''] = process.argv;
const { Session: Opened } = createRequire(`${installed}/`)('chdb') as {
  Session: new (path: string, options: { readonly connectionArgs: readonly string[] }) => Session;
};

/** A session of each database: which one is used belongs to a connection. */
const sessions = new Map<string, Session>();

function sessionOf(database: string): Session {
  let session = sessions.get(database);
  if (session === undefined) {
    // A spec has a table on a disk of its own.
    session = new Opened(data, {
      connectionArgs: [`--custom_local_disks_base_directory=${dirname(dirname(data))}/`],
    });
    session.query(`use \`${database}\``);
    sessions.set(database, session);
  }
  return session;
}

/** Runs a statement, of which a part may stand in the URL. The part that is sent is data then. */
async function run(request: IncomingMessage, parameters: URLSearchParams): Promise<Uint8Array> {
  const sent = await buffer(request);
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
  // Whoever has gone while sending has sent no statement.
  if (!request.complete) throw new Error('The request was cut.');
  const sql = [parameters.get('query') ?? [], body.toString()].flat().join('\n');
  const found = await sessionOf(parameters.get('database') ?? 'default').queryAsync(sql, {
    format: 'TabSeparated',
  });
  return found.bytes();
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  if (pathname === '/ping') return void response.end('Ok.\n');
  try {
    const bytes = await run(request, searchParams);
    const isPacked = searchParams.get('enable_http_compression') === '1';
    if (isPacked) response.setHeader('content-encoding', 'gzip');
    response.end(isPacked ? gzipSync(bytes) : bytes);
  } catch (error) {
    response.statusCode = 500;
    response.end((error as Error).message);
  }
}

sessionOf('default');
createServer((request, response) => void answer(request, response)).listen(Number(port), '127.0.0.1');
