import { createClient } from '@clickhouse/client';
import { MongoClient } from 'mongodb';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import type { EngineName } from '../servers.js';

/** What is asked of each engine through its plain driver, a connection each time. */
export interface PlainClient {
  /** Keeps a number. */
  write(url: string, n: number): Promise<void>;
  /** The numbers that are kept, in order. There has to be one. */
  read(url: string): Promise<number[]>;
}

interface Row {
  readonly n: number;
}

type Query = (url: string, sql: string) => Promise<readonly Row[]>;

async function postgresql(url: string, sql: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Row>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

async function mysql(url: string, sql: string): Promise<readonly Row[]> {
  const connection = await createConnection({ uri: url });
  try {
    const [rows] = await connection.query(sql);
    return rows as Row[];
  } finally {
    connection.destroy();
  }
}

function withQuery(query: Query): PlainClient {
  return {
    async write(url, n) {
      await query(url, 'CREATE TABLE IF NOT EXISTS numbers (n INT NOT NULL PRIMARY KEY)');
      await query(url, `INSERT INTO numbers VALUES (${n})`);
    },
    async read(url) {
      return (await query(url, 'SELECT n FROM numbers ORDER BY n')).map(({ n }) => n);
    },
  };
}

async function withNumbers<T>(
  url: string,
  work: (numbers: ReturnType<ReturnType<MongoClient['db']>['collection']>) => Promise<T>,
): Promise<T> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5_000 });
  try {
    return await work(client.db().collection('numbers'));
  } finally {
    await client.close();
  }
}

const mongodb: PlainClient = {
  write: (url, n) => withNumbers(url, async (numbers) => void (await numbers.insertOne({ n }))),
  read: (url) =>
    withNumbers(url, async (numbers) => {
      const found = await numbers.find().sort({ n: 1 }).toArray();
      return found.map((document) => Number(document['n']));
    }),
};

async function clickhouseQuery(url: string, sql: string): Promise<readonly Row[]> {
  const client = createClient({ url: url.replace(/^clickhouse:/, 'http:') });
  try {
    if (!sql.startsWith('SELECT')) return (await client.command({ query: sql }), []);
    return await (await client.query({ query: sql, format: 'JSONEachRow' })).json<Row>();
  } finally {
    await client.close();
  }
}

const clickhouse: PlainClient = {
  async write(url, n) {
    await clickhouseQuery(url, 'CREATE TABLE IF NOT EXISTS numbers (n Int32) ENGINE = MergeTree ORDER BY n');
    await clickhouseQuery(url, `INSERT INTO numbers VALUES (${n})`);
  },
  read: async (url) => (await clickhouseQuery(url, 'SELECT n FROM numbers ORDER BY n')).map(({ n }) => n),
};

export const PLAIN_CLIENTS: Readonly<Record<Exclude<EngineName, 'mongod' | 'nats'>, PlainClient>> = {
  postgresql: withQuery(postgresql),
  mariadb: withQuery(mysql),
  mysql: withQuery(mysql),
  mongodb,
  clickhouse,
  secantusdb: mongodb,
};
