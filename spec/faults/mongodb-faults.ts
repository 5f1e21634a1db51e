import { readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Collection, MongoClient } from 'mongodb';
import { MongoPiggybackStorage, MongoStorage } from '../../src/backends/mongo/index.js';
import { until } from '../support/until.js';
import type { FaultEngine } from './fault-engine.js';

async function withCollection<T>(url: string, work: (collection: Collection) => Promise<T>): Promise<T> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5000 });
  try {
    return await work(client.db().collection('koa_usage'));
  } finally {
    await client.close();
  }
}

export const mongodbFaults: FaultEngine = {
  // One at work, one that the server has not let go yet, and those that watch the server.
  mostConnections: 4,
  tellsUnsent: false,
  connect: (url) => MongoStorage.connect({ clientUrl: url }),
  async application(url, connections) {
    const client = new MongoClient(url, { minPoolSize: connections, maxPoolSize: connections });
    const db = client.db();
    let taken = 0;
    let ready = 0;
    client.on('connectionReady', () => {
      ready += 1;
    });
    client.on('connectionClosed', () => {
      ready -= 1;
    });
    client.on('connectionCheckedOut', () => {
      taken += 1;
    });
    client.on('connectionCheckedIn', () => {
      taken -= 1;
    });
    await db.command({ ping: 1 });
    return {
      storage: new MongoPiggybackStorage(db.collection('koa_usage')),
      close: () => client.close(),
      // An operation holds a connection no longer than it takes: these take long.
      async exhaust(proxy) {
        await until(() => ready === connections && taken === 0, 'all connections are there', 5);
        proxy.hold('answers');
        const finds = Array.from({ length: connections }, () => db.collection('other').findOne());
        await until(() => taken === connections, 'all connections are taken', 5);
        return async () => {
          proxy.release('answers');
          await Promise.all(finds);
        };
      },
      // Its queue keeps those who have gone, too.
      waiting: null,
      work: async () => void (await db.command({ ping: 1 })),
    };
  },
  ids: (url) =>
    withCollection(url, async (collection) => {
      const found = await collection
        .find({}, { projection: { _id: 1 } })
        .sort({ _id: 1 })
        .toArray();
      return found.map((document) => String(document['_id']));
    }),
  dropTable: (url) => withCollection(url, async (collection) => void (await collection.drop())),
  isInsert: (sent) =>
    sent.includes('koa_usage') && sent.includes('insert\0') && sent.length >= sent.readInt32LE(0),
  isAnswer: (answer) => answer.length >= 4 && answer.length >= answer.readInt32LE(0),
  advice: null,
  sql: null,
  /** FerretDB with SQLite has a file for each database. */
  diskFull: /disk is full|disk I\/O error|No space/i,
  async useDisk(url, folder, pid) {
    if (!(await readlink(`/proc/${pid}/exe`)).includes('ferretdb')) return false;
    const name = `${new URL(url).pathname.slice(1)}.sqlite`;
    await symlink(join(folder, name), join(await readlink(`/proc/${pid}/cwd`), 'data', name));
    return true;
  },
};
