import { MikroORM } from '@mikro-orm/core';
import { MariaDbDriver } from '@mikro-orm/mariadb';
import { createConnection } from 'mysql2/promise';
import { SqlStorage, Usage } from '../../src/storage/mikro-orm/sql/index.js';
import type { FaultEngine, Session, Writer } from './fault-engine.js';
import { exhaustOrm, withUser } from './orm-pool.js';

async function query(url: string, ...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const connection = await createConnection({ uri: url });
  try {
    let rows: unknown;
    for (const sql of statements) [rows] = await connection.query(sql);
    return rows as Record<string, unknown>[];
  } finally {
    connection.destroy();
  }
}

async function session(url: string): Promise<Session> {
  const connection = await createConnection({ uri: url });
  connection.on('error', () => undefined);
  return {
    run: async (sql) => void (await connection.query(sql)),
    end: () => Promise.resolve(connection.destroy()),
  };
}

async function makeWriter(url: string): Promise<Writer> {
  const user = `writer_${new URL(url).pathname.slice(-8)}`;
  const rights = 'select, insert, update on koa_usage';
  await query(url, `create user ${user} identified by 'first'`, `grant ${rights} to ${user}`);
  return {
    url: withUser(url, user, 'first'),
    password: 'first',
    revoke: async () => void (await query(url, `revoke ${rights} from ${user}`)),
    grant: async () => void (await query(url, `grant ${rights} to ${user}`)),
    async changePassword(password) {
      await query(url, `alter user ${user} identified by '${password}'`);
      const sessions = await query(
        url,
        `select id from information_schema.processlist where user = '${user}'`,
      );
      // A session may have ended meanwhile.
      for (const { id } of sessions) await query(url, `kill ${Number(id)}`).catch(() => []);
    },
  };
}

function connect(url: string): Promise<SqlStorage> {
  return SqlStorage.connect({ driver: MariaDbDriver, clientUrl: url });
}

/** The command of the protocol that runs a prepared statement. */
const EXECUTE = 0x17;

interface NativePool {
  readonly _connectionQueue: { readonly length: number };
}

export const mariadbFaults = {
  // Two that were open and that a frozen server has not let go, and one that is being made.
  mostConnections: 3,
  connect,
  async application(url, connections) {
    const orm = await MikroORM.init({
      driver: MariaDbDriver,
      clientUrl: url,
      entities: [Usage],
      ensureDatabase: false,
      pool: { min: 0, max: connections },
      logger: () => {},
    });
    await orm.schema.create();
    const pool = await (
      orm.em.getConnection('write') as unknown as { getNativeClient(): Promise<NativePool> }
    ).getNativeClient();
    return {
      storage: new SqlStorage(orm),
      close: () => orm.close(true),
      exhaust: () => exhaustOrm(orm, connections),
      // There is no public count.
      // oxlint-disable-next-line no-underscore-dangle
      waiting: () => pool._connectionQueue.length,
      work: async () => void (await orm.em.fork().getConnection().execute('select 1')),
    };
  },
  ids: async (url) => (await query(url, 'select id from koa_usage order by id')).map(({ id }) => String(id)),
  dropTable: async (url) => void (await query(url, 'drop table koa_usage')),
  // Three bytes are the packet's length, and one its number.
  isInsert: (sent) => sent[4] === EXECUTE && sent.length >= sent.readUIntLE(0, 3) + 4,
  isAnswer: (answer) => answer.length >= 4 && answer.length >= answer.readUIntLE(0, 3) + 4,
  advice: {
    table: /koa_usage' doesn't exist\. .*run the migrations/i,
    right: /command denied to user .*GRANT SELECT, INSERT, UPDATE ON the table/,
    password: /Access denied for user .*Check the user and the password/,
  },
  sql: {
    session,
    insertRow: (id) =>
      'insert into koa_usage (id, date, duration_ms, server_name, method, url, path, aborted, authorization, bot, weight) ' +
      `values ('${id}', now(), 1, '', '', '', '', false, false, false, 1)`,
    isWaiting: async (url) =>
      (await query(url, "select 1 from information_schema.innodb_trx where trx_state = 'LOCK WAIT'")).length >
      0,
    makeWriter,
  },
  diskFull: /table .*is full|No space left/i,
  async useDisk(url, folder) {
    await (await connect(url)).close();
    const [row] = await query(url, 'show create table koa_usage');
    await query(url, 'drop table koa_usage', `${String(row?.['Create Table'])} data directory = '${folder}'`);
    return true;
  },
} satisfies FaultEngine;
