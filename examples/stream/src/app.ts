import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { Tracked, trackUsage, type UsageReader, UsageReaderToken } from 'koa-track-usage';
import { Get, JsonController, Param, useContainer, useKoaServer } from 'routing-controllers';
import { Container, Inject, Service } from 'typedi';
import { openDatabase, openStream } from './stream.js';

@Service()
@JsonController()
class OrderController {
  @Inject(UsageReaderToken) private readonly usage!: UsageReader;

  @Tracked()
  @Get('/orders/:id')
  one(@Param('id') id: number): object {
    return { id };
  }

  /** What the worker has stored so far. */
  @Get('/usage')
  async list(): Promise<object> {
    const records = await this.usage.getUsage({ limit: 10 });
    return records.map(({ method, route, status }) => ({ method, route, status }));
  }
}

// The database is asked for the register of endpoints and for reading; records go through the stream.
const storage = await openStream(await openDatabase());
const usage = trackUsage({ storage, serverName: 'orders', retention: { records: { days: 90 } } });

useContainer(Container);
const app = new Koa();
app.use(usage);
useKoaServer(app, { controllers: [OrderController] });
const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}.`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void usage.tracker.close({ server }));
}
