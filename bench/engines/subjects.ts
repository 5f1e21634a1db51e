import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { ClickHouseStorage } from 'koa-track-usage/clickhouse';
import type { SqlStorage } from 'koa-track-usage/sql';
import pg from 'pg';
import { PLACES, clickHouseAt } from './shared-place.js';

/** A database with records, and a connection of its own for SQL by hand. */
export interface Subject {
  readonly title: string;
  readonly engine: 'postgresql' | 'clickhouse';
  readonly storage: SqlStorage | ClickHouseStorage;
  /** Runs a statement, and returns its rows. */
  readonly run: (sql: string) => Promise<readonly object[]>;
  /** Calls, failures and the 95th percentile of every endpoint by the day, from the records. */
  readonly byHand: string;
  close(): Promise<void>;
}

const byHand = (day: string, p95: string, table: string): string =>
  `select ${day} as day, server_name, method, route, controller, action, count(*) as calls, ` +
  `sum(case when status >= 500 then 1 else 0 end) as failures, ${p95} as p95 from ${table} group by 1, 2, 3, 4, 5, 6`;

/** An empty database of PostgreSQL. */
export async function openPostgres(): Promise<Subject> {
  const address = await PLACES.postgresql.make();
  const storage = await PLACES.postgresql.open(address);
  const client = new pg.Client({ connectionString: address });
  // When the server goes, whoever waits for an answer learns of it.
  client.on('error', () => {});
  await client.connect();
  const p95 = 'percentile_cont(0.95) within group (order by duration_ms)';
  return {
    title: 'PostgreSQL',
    engine: 'postgresql',
    storage,
    byHand: byHand("date_trunc('day', date, 'UTC')", p95, 'koa_usage'),
    run: async (sql) => (await client.query<object>(sql)).rows,
    async close() {
      await client.end();
      await storage.close();
    },
  };
}

/** An empty database of ClickHouse. */
export async function openClickHouse(): Promise<Subject> {
  const address = await PLACES.clickhouse.make();
  const storage = await PLACES.clickhouse.open(address);
  const client = createClient({
    ...clickHouseAt(address),
    request_timeout: 1_800_000,
    log: { level: ClickHouseLogLevel.OFF },
  });
  return {
    title: 'ClickHouse',
    engine: 'clickhouse',
    storage,
    byHand: byHand('toDate(date)', 'quantileExactInclusive(0.95)(duration_ms)', 'koa_usage final'),
    async run(sql) {
      if (sql.startsWith('insert')) return [await client.command({ query: sql })];
      return (await client.query({ query: sql, format: 'JSONEachRow' })).json<object>();
    },
    async close() {
      await client.close();
      await storage.close();
    },
  };
}
