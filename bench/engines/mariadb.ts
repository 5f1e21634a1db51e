import { MariaDbDriver } from '@mikro-orm/mariadb';
import { SqlStorage } from 'koa-track-usage/sql';
import { type RowDataPacket, createConnection } from 'mysql2/promise';
import { freshDatabase } from '../harness/databases.js';
import { COLUMNS, type Row, recordOf, rowOf } from './columns.js';
import type { Engine } from './engine.js';

/** Quoted, as some are words of SQL. */
const NAMES = COLUMNS.map((column) => `\`${column}\``).join(', ');
const PLACES = `(${COLUMNS.map(() => '?').join(', ')})`;

/** MariaDB, against one prepared insert of all rows of a batch. */
export const mariadb: Engine = {
  title: 'MariaDB',
  batchRecords: 500,
  rivalTitle: 'mysql2, one prepared insert of 500 rows',
  async connect() {
    const { url } = await freshDatabase('mariadb');
    return SqlStorage.connect({ driver: MariaDbDriver, clientUrl: url });
  },
  async openRival() {
    const { url } = await freshDatabase('mariadb');
    await (await SqlStorage.connect({ driver: MariaDbDriver, clientUrl: url })).close();
    const connection = await createConnection({ uri: url, timezone: 'Z' });
    return {
      async write(batch) {
        const rows = batch.map((record) => rowOf(record, timeOf(record.date)));
        await connection.execute(
          `insert ignore into koa_usage (${NAMES}) values ${rows.map(() => PLACES).join(', ')}`,
          rows.flat(),
        );
      },
      async read(limit) {
        const [rows] = await connection.query<(RowDataPacket & Row)[]>(
          'select * from koa_usage order by date desc, id desc limit ?',
          [limit],
        );
        return rows.map(recordOf);
      },
      close: () => connection.end(),
    };
  },
};

/** A time as MySQL writes it. */
function timeOf(date: Date): string {
  return date.toISOString().replace('T', ' ').slice(0, -1);
}
