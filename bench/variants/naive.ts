import { join } from 'node:path';
import { MikroORM } from '@mikro-orm/core';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { Usage } from 'koa-track-usage/sql';
import type { Middleware } from 'koa';
import Negotiator from 'negotiator';
import { UAParser } from 'ua-parser-js';
import { uuidv7 } from 'uuidv7';
import type { Variant } from '../harness/variant.js';
import { serve } from './application.js';
import { tempFolder } from './temp-folder.js';

/**
 * What is written first: one awaited insert a request, of the same record into the same table. The file has the pragmas that
 * `SqlStorage` sets. It does not know which action ran.
 */
export async function start(): Promise<Variant> {
  const orm = await MikroORM.init({
    driver: SqliteDriver,
    dbName: join(tempFolder(), 'naive.db'),
    entities: [Usage],
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
    const { browser, os, ua } = new UAParser(ctx.get('user-agent')).getResult();
    await orm.em.fork().insert(Usage, {
      id: uuidv7(),
      date,
      durationMs: performance.now() - started,
      serverName: 'bench',
      method: ctx.method,
      url: ctx.href,
      path: ctx.path,
      route: null,
      query: null,
      controller: null,
      action: null,
      params: null,
      status: ctx.status,
      aborted: false,
      errorType: null,
      requestBytes: ctx.request.length ?? null,
      responseBytes: ctx.response.length ?? null,
      remoteAddr: ctx.ip,
      xForwardedFor: ctx.get('x-forwarded-for') || null,
      authorization: ctx.get('authorization') !== '',
      username: null,
      uaBrowser: browser.name ?? null,
      uaVersion: browser.version ?? null,
      uaPlatform: os.name ?? null,
      uaLanguage: new Negotiator(ctx.req).languages()[0] ?? null,
      uaString: ua,
      bot: false,
      ipInfo: null,
      visitor: null,
      trackVar: null,
      weight: 1,
    });
  };
  return serve({ middleware });
}
