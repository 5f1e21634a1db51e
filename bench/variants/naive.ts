import { join } from 'node:path';
import { MikroORM, defineEntity, p } from '@mikro-orm/core';
import { SqliteDriver } from '@mikro-orm/sqlite';
import type { Middleware } from 'koa';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';
import { tempFolder } from './temp-folder.js';

/** The columns of Flask-Track-Usage. */
const NaiveUsage = defineEntity({
  name: 'NaiveUsage',
  tableName: 'naive_usage',
  properties: {
    id: p.integer().primary().autoincrement(),
    url: p.string(),
    userAgent: p.string().nullable(),
    blueprint: p.string().nullable(),
    viewArgs: p.json().nullable(),
    status: p.integer(),
    remoteAddr: p.string().nullable(),
    xForwardedFor: p.string().nullable(),
    authorization: p.boolean(),
    ipInfo: p.json().nullable(),
    path: p.string(),
    speed: p.double(),
    date: p.datetime(),
    username: p.string().nullable(),
    trackVar: p.json().nullable(),
  },
});

/** What is written first: one awaited insert a request. The file has the pragmas that `SqlStorage` sets. */
export async function start(): Promise<Variant> {
  const orm = await MikroORM.init({
    driver: SqliteDriver,
    dbName: join(tempFolder(), 'naive.db'),
    entities: [NaiveUsage],
    metadataCache: { enabled: false },
  });
  await orm.schema.create();
  const connection = orm.em.getConnection();
  await connection.execute('pragma journal_mode = wal');
  await connection.execute('pragma synchronous = normal');
  const middleware: Middleware = async (ctx, next) => {
    const started = performance.now();
    const date = new Date();
    await next();
    await orm.em.fork().insert(NaiveUsage, {
      url: ctx.href,
      userAgent: ctx.get('user-agent'),
      blueprint: null,
      viewArgs: null,
      status: ctx.status,
      remoteAddr: ctx.ip,
      xForwardedFor: ctx.get('x-forwarded-for') || null,
      authorization: ctx.get('authorization') !== '',
      ipInfo: null,
      path: ctx.path,
      speed: (performance.now() - started) / 1000,
      date,
      username: null,
      trackVar: null,
    });
  };
  return serve({ middleware });
}
