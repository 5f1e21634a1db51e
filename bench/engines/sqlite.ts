import { join } from 'node:path';
import { SqliteDriver } from '@mikro-orm/sqlite';
import Database from 'better-sqlite3';
import { SqlStorage } from 'koa-track-usage/sql';
import { tempFolder } from '../variants/temp-folder.js';
import { COLUMNS, type Row, recordOf, rowOf } from './columns.js';
import type { Engine, Store } from './engine.js';

/** A file in write-ahead log mode. */
export const sqlite: Engine = {
  title: 'SQLite',
  batchRecords: 500,
  rivalTitle: 'better-sqlite3, prepared, 500 a transaction',
  connect() {
    return connect(newFile());
  },
  async openRival() {
    const file = newFile();
    await (await connect(file)).close();
    return byHand(new Database(file));
  },
};

const newFile = (): string => join(tempFolder(), 'usage.db');
const connect = (dbName: string): Promise<SqlStorage> => SqlStorage.connect({ driver: SqliteDriver, dbName });

function byHand(database: Database): Store {
  database.exec('pragma synchronous = normal');
  const places = COLUMNS.map(() => '?').join(', ');
  const insert = database.prepare(
    `insert into koa_usage (${COLUMNS.join(', ')}) values (${places}) on conflict (id) do nothing`,
  );
  const select = database.prepare('select * from koa_usage order by date desc, id desc limit ?');
  return {
    async write(batch) {
      database.exec('begin immediate');
      for (const record of batch) insert.run(rowOf(record, record.date.getTime()));
      database.exec('commit');
    },
    async read(limit) {
      return (select.all([limit]) as Row[]).map(recordOf);
    },
    async close() {
      database.close();
    },
  };
}
