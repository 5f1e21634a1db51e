import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { SqlStorage } from '../../src/backends/sql/index.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { MemoryStorage } from '../../src/testing/index.js';
import { JetStreamStorage, type JetStreamStorageOptions, consumeUsage } from '../../src/worker/index.js';
import { expectBalanced } from '../support/accounts.js';
import { KeepingLogger } from '../support/crash-watch.js';
import { describeOn } from '../support/describe-on.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { useStream } from '../support/jetstream.js';
import { makeRecords } from '../support/records.js';
import { type NatsServer, findNats, nats } from '../support/servers/nats.js';
import { OwnServer } from '../support/servers/test-server.js';
import { useTemporaryFolder } from '../support/sqlite.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

describe('A worker whose stream fails', () => {
  describeOn('nats', (server) => {
    const stream = useStream(server);
    const folder = useTemporaryFolder(() => stream().end());

    /** How a worker connects through a proxy, without long waits once that takes connections again. */
    function through(proxy: TcpProxy): Partial<JetStreamStorageOptions> {
      return { servers: proxy.through(server().url()), clientOptions: { reconnectTimeWait: 50 } };
    }

    /** Whether the stream holds so many messages, of which its consumer has none to deliver. */
    async function isKeptAlone(count: number): Promise<boolean> {
      const { num_pending: pending, num_ack_pending: unacknowledged } = await stream().manage(
        ({ consumers }) => consumers.info(stream().name, 'koa-track-usage'),
      );
      return pending + unacknowledged === 0 && (await stream().length()) === count;
    }

    it('keeps a dead letter once acknowledging others makes room in a stream that is full, else gives its message back', async () => {
      const storage = new FaultyStorage();
      const first = makeRecords(3);
      const second = makeRecords(3);
      for (const records of [first, second]) storage.poison.add(String(records[1]?.id));
      await stream().publish(first);
      await stream().publish(makeRecords(3));
      await stream().manage(({ streams }) => streams.update(stream().name, { max_msgs: 2 }));
      const worker = await stream().work(storage);
      await until(() => worker.stats().source.deadLetters === 1, 'the letter is kept');
      await until(async () => (await stream().length()) === 1, 'it alone is left');
      expect((await stream().deadLetters()).map(({ data }) => data)).to.deep.equal([
        JSON.stringify(first[1]),
      ]);
      // The room of the one message that is left would be that of its letter.
      await stream().publish(second);
      await until(() => worker.stats().source.deadLetterFailures > 2, 'there is no room');
      expect(worker.stats()).to.include({ stored: 7, spooled: 0 });
      expect(stream().logger.lines.join('\n')).to.match(
        /keeping a dead letter of the stream 'jetstream' failed: .* more room/,
      );
      await worker.close({ timeoutMs: 100 });
      expect(await stream().length()).to.equal(2);
      await stream().manage(({ streams }) => streams.update(stream().name, { max_msgs: 3 }));
      await stream().work(storage);
      await until(async () => (await stream().deadLetters()).length === 2, 'the letter is kept');
      await until(async () => (await stream().length()) === 2, 'its message is acknowledged');
      expect(storage.stored.size).to.equal(7);
    });

    it('stores all but what is refused, once, though no dead letter can be kept of more messages than it holds', async () => {
      const storage = new FaultyStorage();
      const publisher = await stream().connect();
      const batches = Array.from({ length: 300 }, () => makeRecords(2));
      for (const [bad] of batches) storage.poison.add(String(bad?.id));
      await Promise.all(batches.map((batch) => publisher.store(batch, new AbortController().signal)));
      await stream().manage(({ streams }) => streams.update(stream().name, { max_msgs: 300 }));
      const worker = await stream().work(storage);
      await until(() => storage.stored.size === 300, 'all others are stored');
      await until(() => worker.stats().source.redelivered > 0, 'some are given back, and come again');
      expectBalanced(worker.stats());
      await stream().manage(({ streams }) => streams.update(stream().name, { max_msgs: -1 }));
      await until(() => isKeptAlone(300), 'the letters alone are left');
      const { accepted, source } = worker.stats();
      expect(accepted - source.redelivered).to.equal(600);
      const kept = (await stream().deadLetters()).map(({ data }) => (JSON.parse(data) as { id: string }).id);
      expect(new Set(kept)).to.deep.equal(storage.poison);
      expect(storage.stored.size).to.equal(300);
    });

    it('cuts a dead letter that is larger than the stream takes, and says of how many bytes', async () => {
      const storage = new FaultyStorage();
      const records = makeRecords(2);
      const bad = JSON.stringify(records[0]);
      storage.poison.add(String(records[0]?.id));
      await stream().publish(records);
      await stream().manage(({ streams }) => streams.update(stream().name, { max_msg_size: 400 }));
      const worker = await stream().work(storage);
      await until(() => worker.stats().source.deadLetters === 1, 'the letter is kept');
      const [letter] = await stream().deadLetters();
      expect(letter).to.include({ reason: 'refused', wholeBytes: Buffer.byteLength(bad) });
      expect(letter?.data.length).to.be.within(50, 400);
      expect(bad.startsWith(String(letter?.data))).to.equal(true);
      expect(worker.stats().source).to.include({ deadLetters: 1, deadLetterFailures: 0 });
    });

    it('says that it is degraded while no server can be reached, and goes on when one can', async () => {
      const proxy = await TcpProxy.start(server());
      const memory = new MemoryStorage();
      const worker = await stream().work(memory, {}, through(proxy));
      await stream().publish(makeRecords(1));
      await until(() => worker.stats().stored === 1, 'the first is stored');
      expect(worker.health()).to.equal('ok');
      proxy.refuse();
      proxy.cut();
      await until(() => worker.health() === 'degraded', 'it is degraded');
      expect(worker.stats().source).to.deep.include({ failures: 1, waiting: null });
      await stream().publish(makeRecords(1));
      await proxy.accept();
      await until(() => worker.stats().stored === 2, 'the second is stored');
      await until(() => worker.health() === 'ok', 'it is well');
      await worker.close();
      proxy.close();
    });

    it('stores twice, as one row each, what another worker got while it was cut off', async () => {
      const proxy = await TcpProxy.start(server());
      const memory = new MemoryStorage();
      const gate = Promise.withResolvers<void>();
      const slow: UsageStorage = {
        name: 'slow',
        async store(batch) {
          await gate.promise;
          return memory.store(batch);
        },
      };
      await stream().connect();
      await stream().addConsumer(300);
      await stream().publish(makeRecords(5));
      const cut = await stream().work(slow, {}, through(proxy));
      await until(() => cut.stats().inFlight === 5, 'it works on them');
      proxy.refuse();
      proxy.cut();
      const other = await stream().work(memory);
      await until(() => other.stats().stored === 5, 'the other stores them');
      await proxy.accept();
      gate.resolve();
      await until(() => cut.stats().stored === 5, 'it stores them as well');
      await until(async () => (await stream().length()) === 0, 'the message is acknowledged');
      expect(await memory.countUsage()).to.equal(5);
      expect([cut, other].map((worker) => worker.stats().source.redelivered)).to.deep.equal([0, 5]);
      for (const worker of [cut, other]) expectBalanced(worker.stats());
      await cut.close();
      proxy.close();
    });

    it('stores again, as one row each, what a worker had stored that was killed before it acknowledged it', async () => {
      const dbName = folder.file('usage.db');
      const database = await SqlStorage.connect({ driver: SqliteDriver, dbName });
      await stream().connect();
      await stream().addConsumer(1000);
      const records = makeRecords(50);
      await stream().publish(records);
      // A message that comes again is kept once.
      await stream().publish(records);
      const args = ['build/spec/support/children/worker.js', stream().name, dbName, server().url()];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      child.kill('SIGKILL');
      expect(said.toString()).to.equal('stored 50\n');
      const worker = await stream().work(database);
      await until(() => worker.stats().stored === 50, 'the next worker stores them again');
      await until(async () => (await stream().length()) === 0, 'the message is acknowledged');
      expect(worker.stats().source.redelivered).to.equal(50);
      expect(await database.reader.countUsage()).to.equal(50);
      expectBalanced(worker.stats());
    });
  });

  describeOn('nats', () => {
    const folder = useTemporaryFolder();
    let own: OwnServer | undefined;
    afterEach(() => own?.dispose());

    it('goes on reading where its user may publish no dead letters, and says which right is missing', async () => {
      const users = [
        { user: 'admin', password: 'nimda' },
        { user: 'mute', password: 'etum', permissions: { publish: { deny: ['usage.refused'] } } },
      ];
      const config = folder.file('nats.conf');
      await writeFile(config, `authorization ${JSON.stringify({ users })}\n`);
      own = await OwnServer.launch(nats, (findNats() as NatsServer).with(['-c', config], 'admin'));
      const connection = { servers: `nats://127.0.0.1:${own.port}`, stream: 'usage', replicas: 1 };
      const publisher = await JetStreamStorage.connect({ ...connection, user: 'admin', pass: 'nimda' });
      const source = await JetStreamStorage.connect({ ...connection, user: 'mute', pass: 'etum' });
      const storage = new FaultyStorage();
      const logger = new KeepingLogger();
      const retry = { minDelayMs: 20, maxDelayMs: 50 };
      const worker = consumeUsage(source, storage, { logger, retry, batch: { maxDelayMs: 10 } });
      const records = makeRecords(3);
      storage.poison.add(String(records[1]?.id));
      await publisher.store(records, new AbortController().signal);
      await until(() => worker.stats().source.deadLetterFailures > 1, 'the letter is refused');
      await publisher.store(makeRecords(3), new AbortController().signal);
      await until(() => worker.stats().stored === 5, 'all others are stored');
      expect(worker.stats().source).to.include({ failures: 0, deadLetters: 0 });
      expect(logger.lines.filter((line) => line.includes('dead letter'))).to.have.lengthOf(1);
      expect(logger.lines.join('\n')).to.match(
        /keeping a dead letter .* Violation for Publish to "usage\.refused"/,
      );
      await worker.close({ timeoutMs: 100 });
      await publisher.close();
    });
  });
});
