import { join } from 'node:path';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SqliteDriver } from '@mikro-orm/sqlite';
import Database from 'better-sqlite3';
import { SqlStorage, type SqlStorageOptions } from 'koa-track-usage/sql';
import pg from 'pg';
import type { DimensionName } from '../../src/storage/usage-summary.js';
import { freshDatabase } from '../harness/databases.js';
import type { Span } from '../harness/folding.js';
import { tempFolder } from '../variants/temp-folder.js';

/** A table of ours, and a report about it that is written by hand. */
export interface ReportingStore {
  readonly storage: SqlStorage;
  /** Has the database look at what is in the tables, as servers do by themselves within a minute. */
  analyze(): Promise<void>;
  /**
   * Sums up the records of a span by period and endpoint.
   *
   * @returns how many rows there are, and the requests of all
   */
  groupBy(period: 'hour' | 'day', span: Span): Promise<{ rows: number; hits: number }>;
  /**
   * Reads the rows that tell by the day of some dimensions.
   *
   * @returns how many there are
   */
  readDays(span: Span, dimensions: readonly DimensionName[]): Promise<number>;
  close(): Promise<void>;
}

/** A database whose records are summed up in both ways. */
export interface ReportingEngine {
  readonly title: string;
  open(): Promise<ReportingStore>;
}

const FIGURES =
  'sum(weight) as hits, sum(case when status between 400 and 499 then weight else 0 end) as client_errors, ' +
  'sum(case when status between 500 and 599 then weight else 0 end) as server_errors, ' +
  'sum(case when aborted then weight else 0 end) as aborted, sum(case when bot then weight else 0 end) as bots, ' +
  'sum(request_bytes * weight) as request_bytes, sum(response_bytes * weight) as response_bytes, ' +
  'sum(duration_ms * weight) as duration_ms, max(duration_ms) as longest_ms, min(date) as first_date, max(date) as last_date';
const ENDPOINT = 'server_name, method, route, controller, action';

/** SQL that knows nothing of percentiles, which the summaries hand out as well. */
const groupBy = (period: string, bounds: string): string =>
  `select ${period} as period, ${ENDPOINT}, ${FIGURES} from koa_usage where ${bounds} group by 1, ${ENDPOINT} order by 1`;

/** The rows of days that reports are made of. */
const readDays = (dimensions: readonly DimensionName[], bounds: string): string =>
  `select * from koa_usage_summary where kind = 'day' and dimension in ('${dimensions.join("', '")}') and ${bounds}`;

interface Row {
  readonly hits: number;
}

const summed = (rows: readonly Row[]): { rows: number; hits: number } => ({
  rows: rows.length,
  hits: rows.reduce((sum, { hits }) => sum + hits, 0),
});

/** SQLite, where dates are integers: a period is a division. */
export const sqliteReports: ReportingEngine = {
  title: 'SQLite',
  async open() {
    const dbName = join(tempFolder(), 'usage.db');
    const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName });
    const database = new Database(dbName);
    const lengths = { hour: 3_600_000, day: 86_400_000 };
    return {
      storage,
      async analyze() {
        database.exec('analyze');
      },
      async groupBy(period, { startMs, endMs }) {
        const sql = groupBy(`date / ${lengths[period]}`, 'date >= ? and date < ?');
        return summed(database.prepare(sql).all([startMs, endMs]) as Row[]);
      },
      async readDays({ startMs, endMs }, dimensions) {
        const sql = readDays(dimensions, 'start_ms >= ? and start_ms < ?');
        return database.prepare(sql).all([startMs, endMs]).length;
      },
      async close() {
        database.close();
        await storage.close();
      },
    };
  },
};

/** A table of its own in PostgreSQL, with its function of dates. */
export async function openPostgresReports(options: Partial<SqlStorageOptions> = {}): Promise<ReportingStore> {
  const { url } = await freshDatabase('postgresql');
  const storage = await SqlStorage.connect({ driver: PostgreSqlDriver, clientUrl: url, ...options });
  const client = new pg.Client({ connectionString: url });
  // When the server goes, whoever waits for an answer learns of it.
  client.on('error', () => {});
  await client.connect();
  return {
    storage,
    async analyze() {
      await client.query('analyze');
    },
    async groupBy(period, { startMs, endMs }) {
      const sql = groupBy(`date_trunc('${period}', date, 'UTC')`, 'date >= $1 and date < $2');
      const { rows } = await client.query<Row>(sql, [new Date(startMs), new Date(endMs)]);
      return summed(rows);
    },
    async readDays({ startMs, endMs }, dimensions) {
      const { rows } = await client.query(readDays(dimensions, 'start_ms >= $1 and start_ms < $2'), [
        startMs,
        endMs,
      ]);
      return rows.length;
    },
    async close() {
      await client.end();
      await storage.close();
    },
  };
}

/** PostgreSQL. */
export const postgresqlReports: ReportingEngine = { title: 'PostgreSQL', open: () => openPostgresReports() };
