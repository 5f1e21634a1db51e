import { MikroORM } from '@mikro-orm/core';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import pg from 'pg';
import { SqlStorage, Usage } from '../../src/storage/mikro-orm/sql/index.js';
import type { FaultEngine, Session, Writer } from './fault-engine.js';
import { exhaustOrm, withUser } from './orm-pool.js';

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

async function makeWriter(url: string): Promise<Writer> {
  const user = `writer_${new URL(url).pathname.slice(1)}`;
  const rights = 'select, insert on koa_usage';
  await query(url, `create role ${user} login password 'first'`, `grant ${rights} to ${user}`);
  return {
    url: withUser(url, user, 'first'),
    password: 'first',
    revoke: async () => void (await query(url, `revoke ${rights} from ${user}`)),
    grant: async () => void (await query(url, `grant ${rights} to ${user}`)),
    async changePassword(password) {
      await query(
        url,
        `alter role ${user} password '${password}'`,
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${user}'`,
      );
    },
  };
}

function connect(url: string): Promise<SqlStorage> {
  return SqlStorage.connect({ driver: PostgreSqlDriver, clientUrl: url });
}

/** The last message of an answer says that the server is ready for the next request. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5]);

export const postgresqlFaults = {
  // Two that were open and that a frozen server has not let go, a request to cancel for each, and one that is being made.
  mostConnections: 5,
  connect,
  async application(url, connections) {
    const orm = await MikroORM.init({
      driver: PostgreSqlDriver,
      clientUrl: url,
      entities: [Usage],
      ensureDatabase: false,
      pool: { min: 0, max: connections },
      logger: () => {},
    });
    await orm.schema.create();
    const pool = await (
      orm.em.getConnection('write') as unknown as { getNativeClient(): Promise<pg.Pool> }
    ).getNativeClient();
    return {
      storage: new SqlStorage(orm),
      close: () => orm.close(true),
      exhaust: () => exhaustOrm(orm, connections),
      waiting: () => pool.waitingCount,
      work: async () => void (await orm.em.fork().getConnection().execute('select 1')),
    };
  },
  ids: async (url) => (await query(url, 'select id from koa_usage order by id')).map(({ id }) => String(id)),
  dropTable: async (url) => void (await query(url, 'drop table koa_usage')),
  // A message that runs a statement, after those that bring its text and parameters, and the one that ends the request.
  isInsert: (sent) =>
    sent.includes('insert into') && sent.subarray(-5).equals(Buffer.from([0x53, 0, 0, 0, 4])),
  isAnswer: (answer) => answer.subarray(-6, -1).equals(READY),
  advice: {
    table: /relation "koa_usage" does not exist\. Run /,
    right: /permission denied for table koa_usage\. Run: .*grant insert, select on "koa_usage" to "writer_/,
    password: /password authentication failed .*Check the user and the password/,
  },
  sql: {
    session,
    insertRow: (id) =>
      'insert into koa_usage (id, date, duration_ms, server_name, method, url, path, aborted, "authorization", bot, weight) ' +
      `values ('${id}', now(), 1, '', '', '', '', false, false, false, 1)`,
    async isWaiting(url) {
      const found = await query(
        url,
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return found.length > 0;
    },
    makeWriter,
  },
  diskFull: /No space left on device/,
  async useDisk(url, folder) {
    await (await connect(url)).close();
    const name = `small_${new URL(url).pathname.slice(1)}`;
    await query(
      url,
      `create tablespace ${name} location '${folder}'`,
      `alter table koa_usage set tablespace ${name}`,
    );
    return true;
  },
} satisfies FaultEngine;
