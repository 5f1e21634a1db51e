import { createConnection } from 'mysql2/promise';
import type { MySqlClient } from '../support/mysql.js';
import type { FaultEngine, Session } from './fault-engine.js';
import { insertRow, makeSqlWriter, sqlApplication, sqlEngine } from './sql-engine.js';

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

async function changePassword(url: string, user: string, password: string): Promise<void> {
  await query(url, `alter user ${user} identified by '${password}'`);
  const sessions = await query(url, `select id from information_schema.processlist where user = '${user}'`);
  // A session may have ended meanwhile.
  for (const { id } of sessions) await query(url, `kill ${Number(id)}`).catch(() => []);
}

/** The command of the protocol that runs a prepared statement. */
const EXECUTE = 0x17;

interface NativePool {
  readonly _connectionQueue: { readonly length: number };
}

/** MariaDB and MySQL, by the driver that is made for it. */
export function mySqlFaults(driver: MySqlClient['driver']) {
  const engine = sqlEngine(driver, query);
  return {
    // Two that were open and that a frozen server has not let go, and one that is being made.
    mostConnections: 3,
    tellsUnsent: true,
    ...engine,
    application: (url, connections) =>
      sqlApplication(
        driver,
        url,
        connections,
        // There is no public count.
        // oxlint-disable-next-line no-underscore-dangle
        (pool) => (pool as NativePool)._connectionQueue.length,
      ),
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
      insertRow: (id) => insertRow(id, 'authorization'),
      isWaiting: async (url) =>
        (await query(url, "select 1 from information_schema.innodb_trx where trx_state = 'LOCK WAIT'"))
          .length > 0,
      makeWriter: (url) =>
        makeSqlWriter(url, `writer_${new URL(url).pathname.slice(-8)}`, {
          query,
          rights: 'select, insert, update',
          create: (user, password) => `create user ${user} identified by '${password}'`,
          changePassword,
        }),
    },
    diskFull: /table .*is full|No space left/i,
    async useDisk(url, folder) {
      await (await engine.connect(url)).close();
      const [row] = await query(url, 'show create table koa_usage');
      await query(
        url,
        'drop table koa_usage',
        `${String(row?.['Create Table'])} data directory = '${folder}'`,
      );
      return true;
    },
  } satisfies FaultEngine;
}
