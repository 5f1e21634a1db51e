import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { MONGODB_ITSELF } from '../pending.js';
import { type Engine, findProgram, type Program } from './engine.js';
import { ferretVersion, findFerret } from './ferretdb.js';
import { findSecantusDB } from './secantusdb.js';
import { unprivileged } from './unprivileged.js';

class Mongod implements Program {
  readonly source = 'mongod';
  readonly user = '';
  readonly password = '';
  readonly stopSignal = 'SIGTERM';
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  command({ folder, port }: Parameters<Program['command']>[0]): ReturnType<Program['command']> {
    const args = ['--dbpath', join(folder, 'data'), '--port', String(port), '--bind_ip', '127.0.0.1'];
    return { file: this.#file, args: [...args, '--nounixsocket'], identity: unprivileged() };
  }
}

function findMongod(): Program | undefined {
  const file = findProgram('mongod');
  return file === undefined ? undefined : new Mongod(file);
}

async function withClient<T>(url: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const isLimited = url.includes('serverSelectionTimeoutMS=');
  const client = new MongoClient(url, isLimited ? {} : { serverSelectionTimeoutMS: 5_000 });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** A server that speaks MongoDB's protocol: MongoDB itself, or FerretDB. */
export const mongodb: Engine = {
  title: 'MongoDB',
  variable: 'MONGODB_URL',
  protocol: 'mongodb',
  wanted: 'no MONGODB_URL, no mongod on the path, and no FerretDB in the cache nor Go to build it',
  find: () => findMongod() ?? findFerret(),
  async describe(url) {
    const info = await withClient(url, (client) => client.db('admin').command({ buildInfo: 1 }));
    if (info['secantusVersion'] !== undefined) return `SecantusDB ${String(info['secantusVersion'])}`;
    const ferret: unknown = info['ferretdbVersion'] ?? info['ferretdb'];
    if (ferret === undefined) return `MongoDB ${String(info['version'])}`;
    return `FerretDB ${typeof ferret === 'string' && ferret !== 'unknown' ? ferret : ferretVersion()}`;
  },
  // MongoDB makes a database when something is written to it.
  createDatabase: () => Promise.resolve(),
  async dropDatabase(url, name) {
    await withClient(url, (client) => client.db(name).dropDatabase());
  },
};

/** MongoDB itself, for what nothing else has. */
export const mongod: Engine = {
  ...mongodb,
  title: MONGODB_ITSELF,
  wanted: 'no MONGODB_URL, and no mongod on the path',
  isOptional: true,
  find: findMongod,
};

/** SecantusDB, which has users, roles and transactions, for those who have no MongoDB itself. */
export const secantusdb: Engine = {
  ...mongodb,
  title: 'SecantusDB',
  variable: 'SECANTUSDB_URL',
  wanted:
    'no SECANTUSDB_URL, and it is not in the cache (npm run servers puts it there, with python3 and pip)',
  find: findSecantusDB,
};
