import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import pg from 'pg';
import type { FaultEngine, Session } from './fault-engine.js';
import { insertRow, makeSqlWriter, sqlApplication, sqlEngine } from './sql-engine.js';

async function query(url: string, ...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    let rows: Record<string, unknown>[] = [];
    for (const sql of statements) ({ rows } = await client.query<Record<string, unknown>>(sql));
    return rows;
  } finally {
    await client.end();
  }
}

async function session(url: string): Promise<Session> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return { run: async (sql) => void (await client.query(sql)), end: () => client.end() };
}

async function changePassword(url: string, user: string, password: string): Promise<void> {
  await query(
    url,
    `alter role ${user} password '${password}'`,
    `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${user}'`,
  );
}

/** The last message of an answer says that the server is ready for the next request. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5]);

const engine = sqlEngine(PostgreSqlDriver, query);

export const postgresqlFaults = {
  // Two that were open and that a frozen server has not let go, and one that is being made.
  mostConnections: 3,
  tellsUnsent: true,
  ...engine,
  application: (url, connections) =>
    sqlApplication(PostgreSqlDriver, url, connections, (pool) => (pool as pg.Pool).waitingCount),
  // A message that runs a statement, after those that bring its text and parameters, and the one that ends the request.
  isInsert: (sent) =>
    sent.includes('insert into') && sent.subarray(-5).equals(Buffer.from([0x53, 0, 0, 0, 4])),
  isAnswer: (answer) => answer.subarray(-6, -1).equals(READY),
  advice: {
    table: /relation "koa_usage" does not exist\. .*run the migrations/,
    right: /permission denied for table koa_usage\. Run: .*grant insert, select on "koa_usage" to "writer_/,
    password: /password authentication failed .*Check the user and the password/,
  },
  sql: {
    session,
    insertRow: (id) => insertRow(id, '"authorization"'),
    async isWaiting(url) {
      const found = await query(
        url,
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return found.length > 0;
    },
    makeWriter: (url) =>
      makeSqlWriter(url, `writer_${new URL(url).pathname.slice(1)}`, {
        query,
        rights: 'select, insert',
        create: (user, password) => `create role ${user} login password '${password}'`,
        changePassword,
      }),
  },
  diskFull: /No space left on device/,
  async useDisk(url, folder) {
    await (await engine.connect(url)).close();
    const name = `small_${new URL(url).pathname.slice(1)}`;
    await query(
      url,
      `create tablespace ${name} location '${folder}'`,
      `alter table koa_usage set tablespace ${name}`,
    );
    return true;
  },
} satisfies FaultEngine;
