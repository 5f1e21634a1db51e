import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { SqlStorage } from '../../src/backends/sql/index.js';
import { TrackUsageError } from '../../src/errors.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { MemoryStorage } from '../../src/testing/index.js';
import { expectBalanced } from '../support/accounts.js';
import { describeOn } from '../support/describe-on.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { useStream } from '../support/jetstream.js';
import { makeRecord, makeRecords, newestFirst, withEveryText } from '../support/records.js';
import { useTemporaryFolder } from '../support/sqlite.js';
import { until } from '../support/until.js';

const DAY_MS = 86_400_000;

describe('consumeUsage', () => {
  describeOn('nats', (server) => {
    const stream = useStream(server);
    const folder = useTemporaryFolder(() => stream().end());

    it('stores what was published as it was, acknowledges it, and sums it up', async () => {
      const dbName = folder.file('usage.db');
      const worker = await stream().work(await SqlStorage.connect({ driver: SqliteDriver, dbName }));
      const records = [
        ...makeRecords(700),
        withEveryText('\u0000"\\\n\u2028😀'),
        makeRecord({ trackVar: { a: [1] } }),
      ];
      await stream().publish(records);
      await until(() => worker.stats().stored === records.length, 'all records are stored');
      await until(async () => (await stream().length()) === 0, 'all messages are acknowledged');
      const { accepted, source, summaries } = worker.stats();
      expect(accepted).to.equal(records.length);
      expect(source).to.include({
        name: 'jetstream',
        waiting: 0,
        redelivered: 0,
        deadLetters: 0,
        deadLetterFailures: 0,
        failures: 0,
      });
      expect(summaries.map(({ storage }) => storage)).to.deep.equal(['sqlite']);
      expect(await worker.close()).to.deep.equal({ stored: records.length, spooled: 0, dropped: 0 });
      const stored = await SqlStorage.connect({ driver: SqliteDriver, dbName, readOnly: true });
      const found = await stored.reader.getUsage({ limit: 1000 });
      await stored.close();
      expect(found).to.deep.equal(records.toSorted(newestFirst));
    });

    it('puts records of many small messages into one batch', async () => {
      const storage = new FaultyStorage();
      for (const record of makeRecords(40)) await stream().publish([record]);
      const worker = await stream().work(storage, { batch: { maxDelayMs: 300, maxRecords: 20 } });
      await until(() => worker.stats().stored === 40, 'all records are stored');
      expect(storage.batches.map(({ length }) => length)).to.deep.equal([20, 20]);
    });

    it('halves a refused batch, and keeps the one bad record as a dead letter that says why', async () => {
      const storage = new FaultyStorage();
      const records = makeRecords(50);
      const bad = records[33];
      storage.poison.add(String(bad?.id));
      const worker = await stream().work(storage);
      await stream().publish(records);
      await until(() => worker.stats().stored === 49, 'all others are stored');
      await until(async () => (await stream().length()) === 1, 'the message is acknowledged');
      expect(await stream().deadLetters()).to.deep.equal([
        { reason: 'refused', error: 'no such value', data: JSON.stringify(bad) },
      ]);
      expect(worker.stats().dropped.refused).to.equal(1);
      expect(worker.stats().source.deadLetters).to.equal(1);
      expectBalanced(worker.stats());
    });

    it('keeps what is no record as a dead letter, and stores the records beside it', async () => {
      const memory = new MemoryStorage();
      const [record] = makeRecords(1);
      const worker = await stream().work(memory);
      const data = `${JSON.stringify(record)}\nno record\n{"id":5}`;
      await stream().publishRaw(data);
      // Two that begin alike are two.
      await stream().publishRaw(`${data}!`);
      await until(() => worker.stats().accepted === 6, 'both messages are read');
      await until(async () => (await stream().length()) === 2, 'both messages are acknowledged');
      expect(await memory.countUsage()).to.equal(1);
      expect(worker.stats().dropped['spool-corrupt']).to.equal(4);
      const letters = await stream().deadLetters();
      expect(letters.map((letter) => letter.data)).to.deep.equal([data, `${data}!`]);
      expect(letters[0]?.reason).to.equal('spool-corrupt');
      expectBalanced(worker.stats());
    });

    it('stores all without any option', async () => {
      const memory = new MemoryStorage();
      const { consumeUsage } = await import('../../src/worker/index.js');
      const worker = consumeUsage(await stream().connect(), memory);
      await stream().publish(makeRecords(1200));
      await until(() => worker.stats().stored === 1200, 'all are stored');
      await until(async () => (await stream().length()) === 0, 'all are acknowledged');
      expect(await worker.close()).to.deep.equal({ stored: 1200, spooled: 0, dropped: 0 });
      expect(await memory.countUsage()).to.equal(1200);
    });

    it('drops records of days that retention has done with, as nobody may keep them', async () => {
      const expired = new TrackUsageError('RECORD_EXPIRED', 'too old');
      const storage: UsageStorage = {
        name: 'strict',
        async store([first, ...others]) {
          return { stored: others.length, refused: first ? [{ id: first.id, error: expired }] : [] };
        },
      };
      const worker = await stream().work(storage);
      await stream().publish(makeRecords(3));
      await until(() => worker.stats().stored === 2, 'the others are stored');
      await until(async () => (await stream().length()) === 0, 'the message is acknowledged');
      expect(worker.stats().dropped.expired).to.equal(1);
      expect(await stream().deadLetters()).to.deep.equal([]);
    });

    it('holds no more than two batches of its default size, and hands over as many as the storage wishes', async () => {
      const storage = Object.assign(new FaultyStorage(), { batch: { maxRecords: 20, maxDelayMs: 50 } });
      storage.mood = 'reject';
      const worker = await stream().work(storage);
      const publisher = await stream().connect();
      for (const record of makeRecords(100)) await publisher.store([record], new AbortController().signal);
      await until(() => worker.stats().accepted >= 40, 'it holds two batches');
      const { retries } = worker.stats();
      await until(() => worker.stats().retries > retries + 3, 'the storage has failed');
      expect(worker.stats().accepted).to.be.within(40, 60);
      storage.mood = 'store';
      await until(() => worker.stats().stored === 100, 'all records are stored');
    });

    it('drops a record that two messages have, and goes on', async () => {
      const record = makeRecord();
      const error = new TrackUsageError('RECORD_EXPIRED', 'too old');
      const storage: UsageStorage = {
        name: 'strict',
        async store(batch) {
          const refused = batch.filter(({ id }) => id === record.id).map(({ id }) => ({ id, error }));
          return { stored: batch.length - refused.length, refused };
        },
      };
      await stream().publish([record]);
      await stream().publish([record, ...makeRecords(2)]);
      const worker = await stream().work(storage, { batch: { maxDelayMs: 500 } });
      await until(() => worker.stats().dropped.expired === 2, 'the record is dropped');
      await until(async () => (await stream().length()) === 0, 'the messages are acknowledged');
      expect(worker.stats().stored).to.equal(2);
    });

    it('holds no more than two batches of a storage that is away, and stores all when it is back', async () => {
      const storage = new FaultyStorage();
      storage.mood = 'reject';
      const worker = await stream().work(storage, { batch: { maxRecords: 10 } });
      const publisher = await stream().connect();
      for (const record of makeRecords(100)) await publisher.store([record], new AbortController().signal);
      await until(() => worker.stats().accepted >= 20, 'it holds two batches');
      const { retries } = worker.stats();
      await until(() => worker.stats().retries > retries + 3, 'the storage has failed');
      const { accepted, spooled, inFlight } = worker.stats();
      expect(accepted).to.be.within(20, 30);
      expect(spooled + inFlight).to.equal(accepted);
      expect(worker.health()).to.equal('degraded');
      expect(await stream().length()).to.equal(100);
      storage.mood = 'store';
      await until(() => worker.stats().stored === 100, 'all records are stored');
      expect([...storage.confirmed.values()]).to.deep.equal(Array.from({ length: 100 }, () => 1));
      expect(worker.health()).to.equal('ok');
    });

    it('waits for a storage that refuses all records, and says in one line what to do', async () => {
      const storage = new FaultyStorage();
      const records = makeRecords(40);
      for (const { id } of records) storage.poison.add(id);
      const worker = await stream().work(storage);
      await stream().publish(records);
      await until(() => worker.stats().retries > 2, 'the storage has refused all of them again and again');
      expect(worker.stats()).to.include({ stored: 0, spooled: 40 });
      expect(await stream().length()).to.equal(1);
      expect(stream().logger.lines).to.have.lengthOf(1);
      expect(stream().logger.lines[0]).to.match(/refused all 40 records .* Mend what refuses them/);
      storage.poison.clear();
      await until(() => worker.stats().stored === 40, 'all records are stored once it is mended');
    });

    it('keeps a record that was put back, and is refused again, as a dead letter once more', async () => {
      const storage = new FaultyStorage();
      const records = makeRecords(2);
      storage.poison.add(String(records[0]?.id));
      const worker = await stream().work(storage);
      const source = await stream().connect();
      await stream().publish(records);
      for (const kept of [1, 2]) {
        await until(() => worker.stats().source.deadLetters === kept, 'the letter is kept');
        expect(await stream().deadLetters()).to.have.lengthOf(1);
        if (kept === 2) break;
        expect(await source.requeue()).to.equal(1);
        // Something has to be taken for a record to be refused.
        await stream().publish(makeRecords(1));
      }
      expect(worker.stats()).to.include({ accepted: 4, stored: 2 });
    });

    it('waits for a stream that was deleted, says in one line what to do, and goes on with the next one', async () => {
      const memory = new MemoryStorage();
      const worker = await stream().work(memory);
      await stream().publish(makeRecords(1));
      await until(() => worker.stats().stored === 1, 'the first is stored');
      await stream().manage(({ streams }) => streams.delete(stream().name));
      await until(() => worker.stats().source.failures > 1, 'reading has failed');
      expect(worker.health()).to.equal('degraded');
      await stream().publish(makeRecords(1));
      await until(() => worker.stats().stored === 2, 'the second is stored');
      const lines = stream().logger.lines.filter((line) => /stream not found/.test(line));
      expect(lines).to.have.lengthOf(1);
      expect(lines[0]).to.match(/stream not found\. Start a process/);
    });

    it('gives back what it could not store when it is closed, for the next worker', async () => {
      const stuck = new FaultyStorage();
      stuck.mood = 'hang';
      const worker = await stream().work(stuck);
      await stream().publish(makeRecords(5));
      await until(() => worker.stats().inFlight === 5, 'the storage works on them');
      expect(await worker.close({ timeoutMs: 50 })).to.deep.equal({ stored: 0, spooled: 5, dropped: 0 });
      expectBalanced(worker.stats());
      expect(stuck.closed).to.equal(1);
      const next = await stream().work(new MemoryStorage());
      await until(() => next.stats().stored === 5, 'the next worker stores them');
      expect(next.stats().source.redelivered).to.equal(5);
      expect(await worker.close()).to.deep.equal({ stored: 0, spooled: 5, dropped: 0 });
    });

    it('shares a stream with other workers', async () => {
      const memory = new MemoryStorage();
      const workers = [await stream().work(memory), await stream().work(memory)];
      const publisher = await stream().connect();
      const records = makeRecords(600);
      const stores = records.map((record) => publisher.store([record], new AbortController().signal));
      await Promise.all(stores);
      const stored = (): number[] => workers.map((worker) => worker.stats().stored);
      await until(() => stored().reduce((a, b) => a + b) === 600, 'all records are stored');
      expect(Math.min(...stored())).to.be.greaterThan(0);
      expect(await memory.countUsage()).to.equal(600);
    });

    it('deletes what is too old from its storage, by the option retention', async () => {
      const memory = new MemoryStorage();
      const days = [0, 0.9, 1.8, 2.4].map((age) => new Date(Date.now() - age * DAY_MS));
      await memory.store(days.map((date) => makeRecord({ date })));
      const worker = await stream().work(memory, { retention: { records: { days: 2 } }, summaries: false });
      await until(() => worker.stats().retention?.deleted === 1, 'the old record is deleted');
      expect(await memory.countUsage()).to.equal(3);
    });

    it('refuses times that cannot be used together', async () => {
      const [code, message] = await stream()
        .work(new MemoryStorage(), { retry: { minDelayMs: 500, maxDelayMs: 100 } })
        .then(
          () => ['none', ''],
          (error: TrackUsageError) => [error.code, error.message],
        );
      expect(code).to.equal('INVALID_OPTION');
      expect(message).to.match(/^consumeUsage: the option 'retry\.maxDelayMs' is 100; expected at least/);
    });

    it('refuses a source that is none or only looked at, and a storage that takes no records', async () => {
      const source = await stream().connect();
      const readOnly = { name: 'replica', isReadOnly: true, store: () => Promise.reject(new Error()) };
      for (const [from, to] of [
        [{}, new MemoryStorage()],
        [await stream().connect({ readOnly: true }), new MemoryStorage()],
        [source, readOnly],
        [source, {}],
      ] as const) {
        const { consumeUsage } = await import('../../src/worker/index.js');
        expect(() => consumeUsage(from as never, to as never))
          .to.throw(TrackUsageError, /consumeUsage: the option '(source|storage)' is/)
          .with.property('code', 'INVALID_OPTION');
      }
    });
  });
});
