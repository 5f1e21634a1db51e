import { once } from 'node:events';
import { type Socket, createServer } from 'node:net';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { TrackUsageError } from '../../../src/errors.js';
import { resolveTrackerOptions } from '../../../src/options/tracker-options.js';
import { Pipeline } from '../../../src/pipeline/pipeline.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import type { JetStreamStorage } from '../../../src/worker/index.js';
import { expectBalanced } from '../../support/accounts.js';
import { caught } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { useStream } from '../../support/jetstream.js';
import { makeRecords } from '../../support/records.js';
import { useTemporaryFolder } from '../../support/sqlite.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

const { signal } = new AbortController();

function store(storage: JetStreamStorage, records: readonly UsageRecord[]): Promise<unknown> {
  return storage.store(records, signal);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return ((await caught(promise)) as TrackUsageError).code;
}

describe('A connection to a stream', () => {
  describeOn('nats', (server) => {
    const stream = useStream(server);
    const folder = useTemporaryFolder(() => stream().end());
    let proxy: TcpProxy;
    beforeEach(async () => {
      proxy = await TcpProxy.start(server());
    });
    afterEach(() => proxy.close());

    /** Opens the stream through the proxy, with little patience. */
    function connect(timeout: number): Promise<JetStreamStorage> {
      const clientOptions = { timeout, reconnectTimeWait: 20, reconnectJitter: 0 };
      return stream().connect({ servers: proxy.through(server().url()), clientOptions });
    }

    /** Publishes a batch, of which the acknowledgement is lost together with the connection. */
    async function storeUnheard(storage: JetStreamStorage, records: readonly UsageRecord[]): Promise<void> {
      const cut = proxy.dropAnswerTo(
        (sent) => sent.includes('HPUB '),
        (answer) => answer.includes('"seq"'),
      );
      expect(await codeOf(store(storage, records))).to.equal('STORAGE_UNAVAILABLE');
      await cut;
      expect(await stream().length()).to.equal(1);
    }

    it('that is cut before the acknowledgement has the batch published again, and kept once', async () => {
      const storage = await connect(500);
      const records = makeRecords(20);
      await storeUnheard(storage, records);
      expect(await store(storage, records)).to.deep.equal({ stored: 20, refused: [] });
      expect(await stream().length()).to.equal(1);
    });

    it('that comes back after the window of duplicates has the batch in the stream twice, and in the table once', async () => {
      const { name } = stream();
      const subjects = [name, `${name}.refused`];
      await stream().manage(({ streams }) =>
        streams.add({ name, subjects, retention: 'workqueue', discard: 'new', duplicate_window: 100e6 }),
      );
      const storage = await connect(500);
      const records = makeRecords(20);
      await storeUnheard(storage, records);
      await until(async () => {
        await store(storage, records);
        return (await stream().length()) === 2;
      }, 'the window has passed');
      const database = await SqlStorage.connect({ driver: SqliteDriver, dbName: folder.file('usage.db') });
      const worker = await stream().work(database);
      await until(async () => (await stream().length()) === 0, 'both messages are acknowledged');
      expect(worker.stats()).to.include({ accepted: 40, stored: 40 });
      expect(await database.reader.countUsage()).to.equal(20);
    });

    it('that is cut before acknowledgements have got there has their messages delivered again, and in the table once', async () => {
      const { name } = stream();
      const storage = await stream().connect();
      const config = {
        durable_name: 'koa-track-usage',
        ack_policy: 'explicit',
        filter_subject: name,
      } as const;
      await stream().manage(({ consumers }) => consumers.add(name, { ...config, ack_wait: 1e9 }));
      const database = await SqlStorage.connect({ driver: SqliteDriver, dbName: folder.file('usage.db') });
      const deaf = { servers: proxy.through(server().url()), clientOptions: { reconnectTimeWait: 20 } };
      const worker = await stream().work(database, { batch: { maxDelayMs: 300 } }, deaf);
      await store(storage, makeRecords(20));
      await until(() => worker.stats().accepted === 20, 'the message has come');
      proxy.hold('requests');
      await until(() => worker.stats().stored === 20, 'its records are stored');
      expect(await stream().length()).to.equal(1);
      proxy.cut();
      proxy.release();
      await until(async () => (await stream().length()) === 0, 'the message is acknowledged');
      expect(worker.stats().source.redelivered).to.equal(20);
      expect(await database.reader.countUsage()).to.equal(20);
    });

    it('is waited for at the start, if that is asked for', async () => {
      proxy.refuse();
      const servers = proxy.through(server().url());
      const clientOptions = { waitOnFirstConnect: true, reconnectTimeWait: 20 };
      const opening = stream().connect({ servers, clientOptions });
      expect(await codeOf(stream().connect({ servers }))).to.equal('STORAGE_CONNECT');
      await proxy.accept();
      expect(await store(await opening, makeRecords(1))).to.deep.equal({ stored: 1, refused: [] });
    });

    it('that is too slow for a batch takes it in smaller pieces', async () => {
      const storage = await connect(150);
      const logger = stream().logger;
      const retry = { minDelayMs: 1, maxDelayMs: 20 };
      const settings = resolveTrackerOptions({
        serverName: 'spec',
        logger,
        batch: { maxDelayMs: 10 },
        retry,
      });
      const publisher = new Pipeline(settings, () => [storage]);
      // A batch of 500 records takes twice as long as is waited for.
      proxy.throttle(1000);
      for (const record of makeRecords(500)) publisher.accept(record);
      await until(() => publisher.stats().stored === 500, 'all records are published');
      expectBalanced(publisher.stats());
      expect(publisher.stats().retries).to.be.greaterThan(1);
      expect(await stream().length()).to.be.greaterThan(1);
      expect(logger.lines.join('\n')).to.match(/cannot be written: no server has answered in time\./);
    });

    it('may be closed twice, and at once, while a batch is published and the server is away', async () => {
      for (const lose of [() => proxy.refuse(), () => proxy.hold()]) {
        const storage = await connect(60_000);
        lose();
        proxy.cut();
        const unheard = codeOf(store(storage, makeRecords(1)));
        // By then it has been handed to the client.
        await new Promise((resolve) => setImmediate(resolve));
        await Promise.all([storage.close(), storage.close()]);
        await storage.close();
        expect(await unheard).to.equal('STORAGE_CLOSED');
        expect(await codeOf(store(storage, makeRecords(1)))).to.equal('STORAGE_CLOSED');
        proxy.release();
        await proxy.accept();
      }
    });

    it('leaves no socket open to a server that takes connections, and says nothing', async () => {
      const storage = await connect(60_000);
      proxy.close();
      const silent = createServer().listen(proxy.port, proxy.host);
      const [socket] = (await once(silent, 'connection')) as [Socket];
      silent.close();
      await storage.close();
      await once(socket.resume(), 'close');
    });

    it('that is lost does not keep a tracker from being closed in time', async () => {
      const storage = await connect(60_000);
      const settings = resolveTrackerOptions({ serverName: 'spec', logger: stream().logger });
      const publisher = new Pipeline(settings, () => [storage]);
      proxy.hold();
      for (const record of makeRecords(5)) publisher.accept(record);
      expect(await publisher.close(100)).to.deep.equal({ stored: 0, spooled: 0, dropped: 5 });
    });

    it('publishes nothing that nobody waits for', async () => {
      const storage = await connect(500);
      const { message } = await caught(
        storage.store(makeRecords(1), AbortSignal.abort(new Error('too late'))),
      );
      expect(message).to.equal('too late');
      await store(storage, makeRecords(1));
      expect(await stream().length()).to.equal(1);
    });

    it('that has to be secure is refused by a server that is not', async () => {
      const servers = server().url().replace(/^nats/, 'tls');
      const error = (await caught(stream().connect({ servers }))) as TrackUsageError;
      expect(error.code).to.equal('STORAGE_CONNECT');
      expect(error.message).to.match(/cannot be reached: server does not support 'tls'/);
    });
  });
});
