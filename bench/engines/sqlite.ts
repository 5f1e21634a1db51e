import { join } from 'node:path';
import { SqliteDriver } from '@mikro-orm/sqlite';
import Database from 'better-sqlite3';
import type { UsageRecord } from 'koa-track-usage';
import { SqlStorage } from 'koa-track-usage/sql';
import { tempFolder } from '../variants/temp-folder.js';
import type { Engine, Store } from './engine.js';

/** The columns by hand, as somebody would who wants nothing but speed. */
const COLUMNS = [
  ['id', 'date', 'duration_ms', 'server_name', 'method', 'url', 'path', 'route', 'query', 'controller'],
  ['action', 'params', 'status', 'aborted', 'error_type', 'request_bytes', 'response_bytes', 'remote_addr'],
  ['x_forwarded_for', 'authorization', 'username', 'ua_browser', 'ua_version', 'ua_platform', 'ua_language'],
  ['ua_string', 'bot', 'ip_info', 'visitor', 'track_var', 'weight'],
].flat();

/** A file in write-ahead log mode. */
export const sqlite: Engine = {
  title: 'SQLite',
  batchRecords: 500,
  rivalTitle: 'better-sqlite3, prepared, 500 a transaction',
  async openOurs() {
    const storage = await connect(newFile());
    const { signal } = new AbortController();
    return {
      async write(batch) {
        const { stored } = await storage.store(batch, signal);
        if (stored !== batch.length) throw new Error(`${stored} of ${batch.length} records were stored.`);
      },
      read: (limit) => storage.getUsage({ limit }),
      close: () => storage.close(),
    };
  },
  async openRival() {
    const file = newFile();
    await (await connect(file)).close();
    return byHand(new Database(file));
  },
};

const newFile = (): string => join(tempFolder(), 'usage.db');
const connect = (dbName: string): Promise<SqlStorage> => SqlStorage.connect({ driver: SqliteDriver, dbName });

function byHand(database: Database): Store {
  database.exec('pragma synchronous = normal');
  const places = COLUMNS.map(() => '?').join(', ');
  const insert = database.prepare(
    `insert into koa_usage (${COLUMNS.join(', ')}) values (${places}) on conflict (id) do nothing`,
  );
  const select = database.prepare('select * from koa_usage order by date desc, id desc limit ?');
  return {
    async write(batch) {
      database.exec('begin immediate');
      for (const record of batch) insert.run(rowOf(record));
      database.exec('commit');
    },
    async read(limit) {
      return (select.all([limit]) as Row[]).map(recordOf);
    },
    async close() {
      database.close();
    },
  };
}

type Row = Record<string, never>;

const json = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));
const parsed = (value: string | null | undefined): never => (value ? JSON.parse(value) : null) as never;

function rowOf(record: UsageRecord): unknown[] {
  const { userAgent } = record;
  return [
    record.id,
    record.date.getTime(),
    record.durationMs,
    record.serverName,
    record.method,
    record.url,
    record.path,
    record.route,
    json(record.query),
    record.controller,
    record.action,
    json(record.params),
    record.status,
    record.aborted ? 1 : 0,
    record.errorType,
    record.requestBytes,
    record.responseBytes,
    record.remoteAddr,
    record.xForwardedFor,
    record.authorization ? 1 : 0,
    record.username,
    userAgent.browser,
    userAgent.version,
    userAgent.platform,
    userAgent.language,
    userAgent.string,
    record.bot ? 1 : 0,
    json(record.ipInfo),
    record.visitor,
    json(record.trackVar),
    record.weight,
  ];
}

function recordOf(row: Row): UsageRecord {
  return {
    id: row['id'] as never,
    date: new Date(Number(row['date'])),
    durationMs: row['duration_ms'] as never,
    serverName: row['server_name'] as never,
    method: row['method'] as never,
    url: row['url'] as never,
    path: row['path'] as never,
    route: row['route'] as never,
    query: parsed(row['query']),
    controller: row['controller'] as never,
    action: row['action'] as never,
    params: parsed(row['params']),
    status: row['status'] as never,
    aborted: Number(row['aborted']) === 1,
    errorType: row['error_type'] as never,
    requestBytes: row['request_bytes'] as never,
    responseBytes: row['response_bytes'] as never,
    remoteAddr: row['remote_addr'] as never,
    xForwardedFor: row['x_forwarded_for'] as never,
    authorization: Number(row['authorization']) === 1,
    username: row['username'] as never,
    userAgent: {
      browser: row['ua_browser'] ?? null,
      version: row['ua_version'] ?? null,
      platform: row['ua_platform'] ?? null,
      language: row['ua_language'] ?? null,
      string: row['ua_string'] ?? null,
    },
    bot: Number(row['bot']) === 1,
    ipInfo: parsed(row['ip_info']),
    visitor: row['visitor'] as never,
    trackVar: parsed(row['track_var']),
    weight: row['weight'] as never,
  };
}
