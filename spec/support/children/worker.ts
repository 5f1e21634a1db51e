/** A worker that stores its first batch, says so, and acknowledges nothing: `worker.js STREAM DATABASE SERVER…`. */
import { SqliteDriver } from '@mikro-orm/sqlite';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { JetStreamStorage, consumeUsage } from '../../../src/worker/index.js';

const [, , stream = '', dbName = '', ...servers] = process.argv;
const database = await SqlStorage.connect({ driver: SqliteDriver, dbName });
const storage = {
  name: 'slow to answer',
  async store(...asked: Parameters<typeof database.store>) {
    const { stored } = await database.store(...asked);
    process.stdout.write(`stored ${stored}\n`);
    return new Promise<never>(() => {});
  },
};
consumeUsage(await JetStreamStorage.connect({ servers, stream }), storage);
