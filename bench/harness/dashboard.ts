import { once } from 'node:events';
import { Agent, type IncomingMessage, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import Koa from 'koa';
import { UsageReports } from 'koa-track-usage';
import { usageDashboard } from 'koa-track-usage/dashboard';
import type { ReadableUsageStorage } from 'koa-track-usage/storage';

/** A dashboard that is asked over one loopback connection, from this process. */
export interface Dashboard {
  /**
   * Asks for a page.
   *
   * @param query - the part of its URL behind `?`
   * @param encoding - whether it comes compressed, as browsers want it. @default 'gzip'
   * @returns bytes of the body as it came
   * @throws {Error} if the status is not 200
   */
  ask(query: string, encoding?: 'gzip' | 'identity'): Promise<number>;
  close(): Promise<void>;
}

/** Serves the dashboard of a storage to everybody, in a Koa application that does nothing else. */
export async function openDashboard(storage: ReadableUsageStorage): Promise<Dashboard> {
  const app = new Koa();
  app.use(usageDashboard({ authorize: () => true, reports: new UsageReports(storage) }));
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async ask(query, encoding = 'gzip') {
      const url = `http://127.0.0.1:${port}/?${query}`;
      const request = get(url, { agent, headers: { 'Accept-Encoding': encoding } });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      const body = await buffer(response);
      if (response.statusCode === 200) return body.length;
      throw new Error(`${url} is answered with the status ${response.statusCode}.`);
    },
    async close() {
      agent.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
