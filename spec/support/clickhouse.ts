import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { ClickHouseStorage, type ClickHouseStorageOptions } from '../../src/backends/clickhouse/index.js';
import type { FreshDatabase } from './servers.js';

/** The options of a connection to a database of a test server. */
export function clickHouseOptions(url: string): ClickHouseStorageOptions {
  const { host, username, password, pathname } = new URL(url);
  return {
    url: `http://${host}`,
    database: pathname.slice(1) || 'default',
    ...(username !== '' && {
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
    }),
  };
}

/** A client of the application's, which logs nothing. */
export function applicationClient(url: string, options: object = {}): ClickHouseClient {
  return createClient({
    ...clickHouseOptions(url),
    log: { level: ClickHouseLogLevel.OFF },
    ...options,
  } as object);
}

/** Runs a statement as another program would. */
export async function execute(url: string, query: string): Promise<void> {
  const client = applicationClient(url);
  try {
    await client.command({ query });
  } finally {
    await client.close();
  }
}

/** A storage with a connection of its own. */
export function connectClickHouse(
  { url }: Pick<FreshDatabase, 'url'>,
  options: ClickHouseStorageOptions = {},
): Promise<ClickHouseStorage> {
  return ClickHouseStorage.connect({ ...clickHouseOptions(url), ...options });
}

/** Has a table refuse records, by a constraint of the user's own. */
export function clickHousePoison(url: string, tableName: string): (ids: readonly string[]) => Promise<void> {
  return (ids) => {
    const list = ids.map((id) => `'${id}'`).join(', ');
    return execute(url, `alter table ${tableName} add constraint poison check id not in (${list})`);
  };
}
