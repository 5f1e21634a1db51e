import { createClient } from '@clickhouse/client';
import type { UsageRecord } from 'koa-track-usage';
import { ClickHouseStorage } from 'koa-track-usage/clickhouse';
import { freshDatabase } from '../harness/databases.js';
import type { Engine } from './engine.js';

/** A record as somebody would write it by hand: named values, JSON as text. */
function rowOf({ userAgent, ...record }: UsageRecord): object {
  return {
    id: record.id,
    date: record.date.toISOString().slice(0, 23),
    duration_ms: record.durationMs,
    server_name: record.serverName,
    method: record.method,
    url: record.url,
    path: record.path,
    route: record.route,
    query: record.query && JSON.stringify(record.query),
    controller: record.controller,
    action: record.action,
    params: record.params && JSON.stringify(record.params),
    status: record.status,
    aborted: record.aborted,
    error_type: record.errorType,
    request_bytes: record.requestBytes,
    response_bytes: record.responseBytes,
    remote_addr: record.remoteAddr,
    x_forwarded_for: record.xForwardedFor,
    authorization: record.authorization,
    username: record.username,
    ua_browser: userAgent.browser,
    ua_version: userAgent.version,
    ua_platform: userAgent.platform,
    ua_language: userAgent.language,
    ua_string: userAgent.string,
    bot: record.bot,
    ip_info: record.ipInfo && JSON.stringify(record.ipInfo),
    visitor: record.visitor,
    track_var: record.trackVar && JSON.stringify(record.trackVar),
    weight: record.weight,
  };
}

/** A database of its own, as options of the client. */
async function freshPlace(): Promise<{ url: string; database: string }> {
  const { url } = await freshDatabase('clickhouse');
  const { host, pathname } = new URL(url);
  return { url: `http://${host}`, database: pathname.slice(1) };
}

/** ClickHouse, against its own client with rows of `JSONEachRow`. */
export const clickhouse: Engine = {
  title: 'ClickHouse',
  batchRecords: 10_000,
  rivalTitle: "the client's insert of JSONEachRow",
  async connect() {
    return ClickHouseStorage.connect(await freshPlace());
  },
  async openRival() {
    const where = await freshPlace();
    await (await ClickHouseStorage.connect(where)).close();
    const client = createClient(where);
    return {
      async write(batch) {
        await client.insert({ table: 'koa_usage', values: batch.map(rowOf), format: 'JSONEachRow' });
      },
      async read(limit) {
        const query = `select * from koa_usage order by date desc, id desc limit ${limit}`;
        return (await client.query({ query, format: 'JSONEachRow' })).json<UsageRecord>();
      },
      close: () => client.close(),
    };
  },
};
