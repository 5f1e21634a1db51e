import type { ClickHouseClient } from '@clickhouse/client';
import { ClickHouseStorage, clickHouseTables } from '../../src/backends/clickhouse/index.js';
import { applicationClient, clickHouseOptions, execute } from '../support/clickhouse.js';
import type { FaultEngine } from './fault-engine.js';

/** What the client sends into the records' table, its URL and all of its body. */
const INSERT = /insert(?:\+|%20)into(?:\+|%20)%60koa_usage%60/;

async function idsOf(client: ClickHouseClient): Promise<string[]> {
  const query = 'select id from koa_usage final order by id';
  return (await (await client.query({ query, format: 'JSONEachRow' })).json<{ id: string }>()).map(
    ({ id }) => id,
  );
}

export const clickhouseFaults: FaultEngine = {
  // One of each kind of work, and those that an attempt has left behind.
  mostConnections: 4,
  tellsUnsent: true,
  connect: (url) => ClickHouseStorage.connect(clickHouseOptions(url)),
  async application(url, connections) {
    for (const sql of clickHouseTables()) await execute(url, sql);
    const client = applicationClient(url, { max_open_connections: connections });
    return {
      storage: new ClickHouseStorage(client),
      close: () => client.close(),
      async exhaust(proxy) {
        proxy.hold('answers');
        const asked = Array.from({ length: connections }, () => client.command({ query: 'select 1' }));
        await Promise.resolve();
        return async () => {
          proxy.release('answers');
          await Promise.all(asked);
        };
      },
      // Node's agent does not tell of those who have gone.
      waiting: null,
      work: async () => void (await client.command({ query: 'select 1' })),
    };
  },
  async ids(url) {
    const client = applicationClient(url);
    try {
      return await idsOf(client);
    } finally {
      await client.close();
    }
  },
  dropTable: (url) => execute(url, 'drop table koa_usage sync'),
  isInsert: (sent) => INSERT.test(sent.toString('latin1')) && sent.subarray(-5).toString() === '0\r\n\r\n',
  isAnswer: (answer) => answer.includes('\r\n\r\n'),
  advice: {
    table: /(?:does not exist|Unknown table).*clickHouseTables\(\)/s,
    right: /clickHouseTables\(\)/,
    password: /user and password are\s+right/,
  },
  sql: null,
  diskFull: /No space|NOT_ENOUGH_SPACE|not enough space|Cannot reserve/i,
  async useDisk(url, folder) {
    const [records = ''] = clickHouseTables();
    await execute(url, `${records} settings disk = disk(type = local, path = '${folder}/')`);
    return true;
  },
};
