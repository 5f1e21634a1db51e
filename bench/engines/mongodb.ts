import { MongoStorage } from 'koa-track-usage/mongo';
import type { UsageRecord } from 'koa-track-usage';
import { MongoClient } from 'mongodb';
import { freshDatabase } from '../harness/databases.js';
import type { Engine } from './engine.js';

interface Document extends Omit<UsageRecord, 'id'> {
  readonly _id: string;
}

/** MongoDB, or what speaks its protocol, against the driver's own `insertMany` of the same records. */
export const mongodb: Engine = {
  title: 'MongoDB',
  batchRecords: 500,
  rivalTitle: "the driver's insertMany",
  async connect() {
    const { url } = await freshDatabase('mongodb');
    return MongoStorage.connect({ clientUrl: url });
  },
  async openRival() {
    const { url } = await freshDatabase('mongodb');
    await (await MongoStorage.connect({ clientUrl: url })).close();
    const client = await MongoClient.connect(url);
    const collection = client.db().collection<Document>('koa_usage');
    return {
      async write(batch) {
        await collection.insertMany(
          batch.map(({ id, ...rest }) => ({ _id: id, ...rest })),
          { ordered: false },
        );
      },
      async read(limit) {
        const found = await collection.find().sort({ date: -1, _id: -1 }).limit(limit).toArray();
        return found.map(({ _id, ...rest }) => Object.assign(rest, { id: _id }));
      },
      close: () => client.close(),
    };
  },
};
