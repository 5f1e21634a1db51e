import { isStrict, tell } from './pending.js';
import { clickhouse } from './servers/clickhouse.js';
import type { Engine } from './servers/engine.js';
import { mariadb } from './servers/mariadb.js';
import { mongod, mongodb, secantusdb } from './servers/mongodb.js';
import { mysql } from './servers/mysql.js';
import { nats } from './servers/nats.js';
import { postgresql } from './servers/postgresql.js';
import { ServerUrl } from './servers/server-url.js';
import { OwnServer, TestServer } from './servers/test-server.js';

export type { FreshDatabase, OwnServer, TestServer } from './servers/test-server.js';

const ENGINES = {
  postgresql,
  mariadb,
  mysql,
  mongodb,
  mongod,
  secantusdb,
  clickhouse,
  nats,
} as const satisfies Record<string, Engine>;
const DEFAULT_PORTS = {
  postgresql: 5432,
  mariadb: 3306,
  mysql: 3306,
  mongodb: 27_017,
  mongod: 27_017,
  clickhouse: 8123,
  nats: 4222,
  secantusdb: 27_017,
} as const;

/** `mysql` is MySQL alone, `mongodb` is whatever speaks its protocol, and `mongod` is MongoDB alone. */
export type EngineName = keyof typeof ENGINES;

/** Why there is no server. Its specs are pending then. */
export class NoServer extends Error {
  override readonly name = 'NoServer';
}

const shared = new Map<EngineName, Promise<TestServer>>();

function givenUrl(engine: Engine): string | undefined {
  const url = process.env[engine.variable] ?? '';
  return url === '' ? undefined : url;
}

/** Why there can be no server of this kind; nothing if there may be one. It only looks, and starts nothing. */
export function missing(name: EngineName, kind: 'shared' | 'own' = 'shared'): string | undefined {
  const engine = ENGINES[name];
  if ((kind === 'shared' && givenUrl(engine) !== undefined) || engine.find() !== undefined) return undefined;
  return `${engine.title} is missing: ${engine.wanted}`;
}

/** Whether a missing server fails the specs. */
export function isRequired(name: EngineName): boolean {
  const engine: Engine = ENGINES[name];
  return isStrict() && engine.isOptional !== true;
}

/**
 * Starts a server for its caller alone, who has to call `dispose()`.
 *
 * @throws {NoServer} if it cannot be had.
 */
export async function startOwn(
  name: EngineName,
  options: { readonly durable?: boolean } = {},
): Promise<OwnServer> {
  const engine = ENGINES[name];
  const program = engine.find();
  if (program === undefined) throw new NoServer(missing(name, 'own'));
  try {
    return await OwnServer.launch(engine, program, options.durable);
  } catch (error) {
    const { message } = error as Error;
    throw new NoServer(`${engine.title} is missing: ${program.source} does not run: ${message}`, {
      cause: error,
    });
  }
}

async function openShared(name: EngineName): Promise<TestServer> {
  const engine = ENGINES[name];
  const given = givenUrl(engine);
  if (given === undefined) return startOwn(name);
  const url = new ServerUrl(given, DEFAULT_PORTS[name]);
  const version = await engine.describe(url.database()).catch((error: unknown) => {
    throw new NoServer(`${engine.title} is missing: that of ${engine.variable} does not answer.`, {
      cause: error,
    });
  });
  return new TestServer(engine, url, `${version} (${engine.variable})`);
}

/**
 * The server that all specs of this process share: started when the first asks for it, ended by {@link stopShared}.
 *
 * @throws {NoServer} if it cannot be had.
 */
export async function sharedServer(name: EngineName): Promise<TestServer> {
  const opening = shared.get(name) ?? openShared(name);
  shared.set(name, opening);
  const server = await opening;
  tell(server.description);
  return server;
}

/** Ends the servers that were shared. */
export async function stopShared(): Promise<void> {
  const opened = await Promise.allSettled(shared.values());
  shared.clear();
  const servers = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  await Promise.all(servers.map((server) => server.dispose()));
}
