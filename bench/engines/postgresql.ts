import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import type { UsageRecord } from 'koa-track-usage';
import { SqlStorage, type SqlStorageOptions, type UsageRepository } from 'koa-track-usage/sql';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { freshDatabase } from '../harness/databases.js';
import { COLUMNS, recordOf, rowOf } from './columns.js';
import type { Engine, Store } from './engine.js';

/** Quoted, as `authorization` is a word of SQL. */
const NAMES = COLUMNS.map((column) => `"${column}"`).join(', ');

/** PostgreSQL's type of each column. */
const TYPES = COLUMNS.map((column) => {
  if (column === 'date') return 'timestamptz';
  if (['query', 'params', 'ip_info', 'track_var'].includes(column)) return 'jsonb';
  if (['duration_ms', 'weight'].includes(column)) return 'float8';
  if (['aborted', 'authorization', 'bot'].includes(column)) return 'bool';
  if (['status', 'request_bytes', 'response_bytes'].includes(column)) return 'int8';
  return 'text';
});

const INSERT =
  `insert into koa_usage (${NAMES}) ` +
  `select * from unnest(${TYPES.map((type, index) => `$${index + 1}::${type}[]`).join(', ')}) on conflict (id) do nothing`;

/** Opens a table of its own through this library. */
export async function connectPostgres(options: Partial<SqlStorageOptions> = {}): Promise<SqlStorage> {
  const { url } = await freshDatabase('postgresql');
  return SqlStorage.connect({ driver: PostgreSqlDriver, clientUrl: url, ...options });
}

/** A table as ours is, and a client that has nothing else to do. */
async function openByHand(
  write: (client: pg.Client, batch: readonly UsageRecord[]) => Promise<unknown>,
): Promise<Store> {
  const { url } = await freshDatabase('postgresql');
  await (await SqlStorage.connect({ driver: PostgreSqlDriver, clientUrl: url })).close();
  const client = new pg.Client({ connectionString: url });
  // When the server goes, whoever waits for an answer learns of it.
  client.on('error', () => {});
  await client.connect();
  return {
    async write(batch) {
      await write(client, batch);
    },
    async read(limit) {
      const { rows } = await client.query('select * from koa_usage order by date desc, id desc limit $1', [
        limit,
      ]);
      return rows.map((row: Record<string, never>) => recordOf(row));
    },
    close: () => client.end(),
  };
}

function unnest(client: pg.Client, batch: readonly UsageRecord[]): Promise<unknown> {
  const rows = batch.map((record) => rowOf(record, record.date.toISOString()));
  return client.query(
    INSERT,
    COLUMNS.map((_column, index) => rows.map((row) => row[index])),
  );
}

async function copy(client: pg.Client, batch: readonly UsageRecord[]): Promise<void> {
  const lines = batch.map((record) => `${rowOf(record, record.date.toISOString()).map(copied).join('\t')}\n`);
  await pipeline(
    Readable.from([lines.join('')]),
    client.query(copyFrom(`copy koa_usage (${NAMES}) from stdin`)),
  );
}

function copied(value: string | number | null): string {
  if (value === null) return String.raw`\N`;
  return String(value).replaceAll(/[\\\n\r\t]/g, (character) => `\\${character}`);
}

/** PostgreSQL, against arrays through `unnest`. */
export const postgresql: Engine = {
  title: 'PostgreSQL',
  batchRecords: 500,
  rivalTitle: 'pg, one insert of arrays through unnest',
  connect: connectPostgres,
  async analyze({ reader }) {
    await (reader as UsageRepository).getEntityManager().getConnection().execute('analyze koa_usage');
  },
  openRival: () => openByHand(unnest),
};

/** PostgreSQL, against what knows of no duplicates. */
export const postgresqlCopy: Engine = {
  ...postgresql,
  rivalTitle: 'pg-copy-streams, COPY',
  openRival: () => openByHand(copy),
};
