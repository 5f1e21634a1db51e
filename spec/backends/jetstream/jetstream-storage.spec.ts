import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type Socket, createServer } from 'node:net';
import { expect } from 'chai';
import { resolveConnection } from '../../../src/backends/jetstream/connect-options.js';
import { unpackRecords } from '../../../src/backends/jetstream/messages.js';
import { StreamLink } from '../../../src/backends/jetstream/stream-link.js';
import { TrackUsageError } from '../../../src/errors.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { encodeRecord } from '../../../src/record/wire.js';
import type { UsageFeed } from '../../../src/storage/usage-source.js';
import type { StoreResult, UsageStorage } from '../../../src/storage/usage-storage.js';
import { MemoryStorage } from '../../../src/testing/index.js';
import { JetStreamStorage, consumeUsage } from '../../../src/worker/index.js';
import { caught } from '../../support/caught.js';
import { KeepingLogger } from '../../support/crash-watch.js';
import { describeOn } from '../../support/describe-on.js';
import { FaultyStorage } from '../../support/faulty-storage.js';
import { useStream } from '../../support/jetstream.js';
import { freePort } from '../../support/processes.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import { type NatsServer, findNats, nats } from '../../support/servers/nats.js';
import { OwnServer } from '../../support/servers/test-server.js';
import { useTemporaryFolder } from '../../support/sqlite.js';
import { until } from '../../support/until.js';

function store(storage: UsageStorage, records: readonly UsageRecord[]): Promise<StoreResult> {
  return storage.store(records, new AbortController().signal);
}

async function refusal(promise: Promise<unknown>): Promise<[code: string, message: string]> {
  const error = await caught(promise);
  expect(error).to.be.an.instanceOf(TrackUsageError);
  return [(error as TrackUsageError).code, error.message];
}

describe('JetStreamStorage', () => {
  describeOn('nats', (server) => {
    const stream = useStream(server);

    it('makes a stream that gives up no record by itself, and leaves one alone that is there', async () => {
      await stream().connect();
      const { config } = await stream().manage(({ streams }) => streams.info(stream().name));
      expect(config).to.include({
        retention: 'workqueue',
        discard: 'new',
        storage: 'file',
        num_replicas: 1,
        max_age: 0,
        max_bytes: -1,
      });
      await stream().manage(({ streams }) => streams.update(stream().name, { max_bytes: 5_000_000 }));
      await stream().connect();
      const { config: kept } = await stream().manage(({ streams }) => streams.info(stream().name));
      expect(kept.max_bytes).to.equal(5_000_000);
    });

    it('publishes a batch in as few messages as it fits in, each no larger than the server takes', async () => {
      const storage = await stream().connect();
      const records = makeRecords(3000);
      expect(await store(storage, records)).to.deep.equal({ stored: 3000, refused: [] });
      const held = await stream().manage(async ({ streams }) => {
        const { state } = await streams.info(stream().name);
        const sequences = Array.from({ length: state.messages }, (_, index) => state.first_seq + index);
        return Promise.all(sequences.map((seq) => streams.getMessage(stream().name, { seq })));
      });
      const data = held.map((message) => message?.data ?? new Uint8Array());
      const bytes = Buffer.byteLength(records.map((record) => JSON.stringify(record)).join('\n'));
      expect(data).to.have.lengthOf(Math.ceil(bytes / 1_047_552));
      expect(Math.max(...data.map(({ length }) => length))).to.be.lessThanOrEqual(1_048_576);
      const unpacked = await Promise.all(data.map((one) => unpackRecords(one)));
      expect(unpacked.flatMap((one) => one.records)).to.deep.equal(records);
    });

    it('keeps a batch once that is published again', async () => {
      const storage = await stream().connect();
      const records = makeRecords(10);
      await store(storage, records);
      expect(await store(await stream().connect(), records)).to.deep.equal({ stored: 10, refused: [] });
      expect(await stream().length()).to.equal(1);
      await store(storage, records.slice(1));
      expect(await stream().length()).to.equal(2);
    });

    it('says that the stream has gone, and which subject it lacks', async () => {
      const storage = await stream().connect();
      const records = makeRecords(1);
      const { name } = stream();
      await stream().manage(({ streams }) => streams.update(name, { subjects: ['elsewhere'] }));
      expect(await refusal(store(storage, records))).to.deep.equal([
        'STORAGE_SETUP',
        `The stream '${name}' does not take the subject '${name}', but elsewhere. Add the subject to the stream, or give ` +
          "JetStreamStorage.connect a 'subject' that it takes.",
      ]);
      expect((await refusal(stream().connect()))[0]).to.equal('STORAGE_SETUP');
      await stream().manage(({ streams }) => streams.delete(name));
      const [code, message] = await refusal(store(storage, records));
      expect(code).to.equal('STORAGE_SETUP');
      expect(message).to.match(
        /^The stream '\w+' cannot be written: stream not found\. Start a process that uses it again, which makes the stream; records wait/,
      );
      await stream().connect();
      expect((await store(storage, records)).stored).to.equal(1);
    });

    it('says of workers of two names that a stream takes one', async () => {
      const storage = await stream().connect();
      const [one, other] = [storage.feed('one'), storage.feed('other')];
      const pull = async (feed: UsageFeed): Promise<void> =>
        void (await feed.pull(1)[Symbol.asyncIterator]().next());
      await store(storage, makeRecords(1));
      await pull(one);
      const [code, message] = await refusal(pull(other));
      expect(code).to.equal('STORAGE_SETUP');
      expect(message).to.match(
        /^The consumer 'other' of the stream '\w+' cannot be used: filtered consumer not unique .* same name.*nats consumer rm/,
      );
      expect(message).to.not.match(/Mend|stream rm/);
    });

    it('takes a subject of its own, and a stream whose subjects cover it', async () => {
      const { name } = stream();
      await stream().manage(({ streams }) =>
        streams.add({
          name,
          subjects: [`${name}x.*.one`, `${name}.>`],
          retention: 'workqueue',
          discard: 'new',
        }),
      );
      await store(await stream().connect({ subject: `${name}.some.usage` }), makeRecords(1));
      expect(await stream().length()).to.equal(1);
      for (const subject of [name, `${name}x.one`, `${name}x.a.two`, `${name}x.a.b.one`])
        expect((await refusal(stream().connect({ subject })))[1]).to.include(`the subject '${subject}'`);
    });

    it('says that a subject belongs to another stream, rather than to publish there', async () => {
      const storage = await stream().connect();
      const { name } = stream();
      await stream().manage(async ({ streams }) => {
        await streams.delete(name);
        await streams.add({ name: `${name}_other`, subjects: [name] });
      });
      const [code, message] = await refusal(store(storage, makeRecords(1)));
      await stream().manage(({ streams }) => streams.delete(`${name}_other`));
      expect(code).to.equal('STORAGE_SETUP');
      expect(message).to.include('expected stream does not match');
    });

    it('waits for room in a stream that is full', async () => {
      const storage = await stream().connect();
      await stream().manage(({ streams }) => streams.update(stream().name, { max_msgs: 1 }));
      await store(storage, makeRecords(1));
      const [code, message] = await refusal(store(storage, makeRecords(1)));
      expect(code).to.equal('STORAGE_UNAVAILABLE');
      expect(message).to.match(
        /maximum messages exceeded\. Start more workers, or give the stream more room\.$/,
      );
    });

    it('says that one server cannot keep three replicas', async () => {
      const [code, message] = await refusal(stream().connect({ replicas: 3 }));
      expect(code).to.equal('STORAGE_SETUP');
      expect(message).to.match(
        /^JetStreamStorage\.connect: the stream '\w+' cannot be used: replicas > 1 not supported .*\. Give it 'replicas: 1', or the/,
      );
    });

    it('says that no server can be reached, and tells no password', async () => {
      const servers = `nats://ada:s3cret@127.0.0.1:${await freePort()}`;
      const [code, message] = await refusal(stream().connect({ servers }));
      expect(code).to.equal('STORAGE_CONNECT');
      expect(message).to.match(
        /the NATS servers 127\.0\.0\.1:\d+ cannot be reached: .*Check that one of them runs there/,
      );
      expect(message).to.not.include('s3cret');
    });

    it('says which database workers fill, and closes it', async () => {
      const database = new FaultyStorage();
      const storage = await stream().connect({ database });
      expect(storage.destination).to.equal(database);
      expect((await stream().connect()).destination).to.equal(undefined);
      await storage.close();
      expect(database.closed).to.equal(1);
      const [code] = await refusal(store(storage, makeRecords(1)));
      expect(code).to.equal('STORAGE_CLOSED');
    });
  });

  describeOn('nats', () => {
    const folder = useTemporaryFolder();
    let own: OwnServer | undefined;
    afterEach(() => own?.dispose());

    /** The rights that docs/storages.md lists, for the stream `usage` when it is there. */
    const RIGHTS = {
      writer: ['usage', '$JS.API.STREAM.INFO.usage'],
      worker: [
        'usage.refused',
        '$JS.API.STREAM.INFO.usage',
        '$JS.API.CONSUMER.INFO.usage.koa-track-usage',
        '$JS.API.CONSUMER.CREATE.usage.koa-track-usage.usage',
        '$JS.API.CONSUMER.MSG.NEXT.usage.koa-track-usage',
        '$JS.ACK.usage.koa-track-usage.>',
      ],
      nobody: ['$JS.API.STREAM.INFO.usage'],
      requeuer: [
        'usage',
        '$JS.API.STREAM.INFO.usage',
        '$JS.API.STREAM.MSG.GET.usage',
        '$JS.API.STREAM.MSG.DELETE.usage',
      ],
    };
    const MUTE = RIGHTS.worker.filter((right) => !right.startsWith('$JS.ACK.'));

    function userOf(user: string, allowed: readonly string[]): string {
      const permissions = { publish: { allow: allowed }, subscribe: { allow: ['_INBOX.>'] } };
      return JSON.stringify({ user, password: [...user].toReversed().join(''), permissions });
    }

    function connectAs(user: string, pass = [...user].toReversed().join('')): Promise<JetStreamStorage> {
      const servers = `nats://127.0.0.1:${own?.port}`;
      return JetStreamStorage.connect({ servers, stream: 'usage', replicas: 1, user, pass });
    }

    it('needs no right but those that its docs list, and says which one is missing', async () => {
      const users = Object.entries({ admin: ['>'], mute: MUTE, ...RIGHTS }).map(([user, allowed]) =>
        userOf(user, allowed),
      );
      const config = folder.file('nats.conf');
      const plain = `PLAIN { users: [ ${userOf('plain', ['>'])} ] }`;
      await writeFile(
        config,
        `max_payload: 4096\naccounts { APP { jetstream: enabled, users: [ ${users.join(', ')} ] }, ${plain} }\n`,
      );
      own = await OwnServer.launch(nats, (findNats() as NatsServer).with(['-c', config], 'admin'));
      const storages = [await connectAs('admin')];
      for (const user of Object.keys(RIGHTS)) storages.push(await connectAs(user));
      const [, writer, reader, nobody, requeuer] = storages as [
        JetStreamStorage,
        JetStreamStorage,
        JetStreamStorage,
        JetStreamStorage,
        JetStreamStorage,
      ];
      const memory = new MemoryStorage();
      const worker = consumeUsage(reader, memory, { logger: new KeepingLogger(), batch: { maxDelayMs: 10 } });
      const text = 'x'.repeat(900);
      const large = makeRecord({ trackVar: { a: text, b: text, c: text, d: text } });
      const { stored, refused } = await store(writer, [...makeRecords(20), large]);
      expect(stored).to.equal(20);
      expect(refused.map(({ id }) => id)).to.deep.equal([large.id]);
      expect(refused[0]?.error.message).to.match(
        /^A record of \d+ bytes is larger than .* \(max_payload: 4096\)/,
      );
      await until(() => worker.stats().stored === 20, 'the worker stores them');
      const letter = { id: 'letter', reason: 'refused', error: null };
      await reader.feed('koa-track-usage').deadLetter(Buffer.from(encodeRecord(makeRecord())), letter);
      expect(await requeuer.requeue()).to.equal(1);
      await until(() => worker.stats().stored === 21, 'the worker stores what was put back');
      const [code, message] = await refusal(store(nobody, makeRecords(1)));
      expect(code).to.equal('STORAGE_SETUP');
      expect(message).to.match(/Permissions Violation for Publish to "usage"\. .*docs\/storages\.md/);
      const [without, how] = await refusal(connectAs('plain'));
      expect(without).to.equal('STORAGE_UNAVAILABLE');
      expect(how).to.match(/not enabled.*\. Start the servers with JetStream \(nats-server -js\), and let/);
      const [wrong, why] = await refusal(connectAs('admin', 'guess'));
      expect(wrong).to.equal('STORAGE_SETUP');
      expect(why)
        .to.match(/do not let the user in: .* Check user, pass or token\.$/)
        .and.not.include('guess');
      await worker.close();
      const logger = new KeepingLogger();
      const retry = { minDelayMs: 20, maxDelayMs: 50 };
      const mute = consumeUsage(await connectAs('mute'), memory, {
        logger,
        retry,
        batch: { maxDelayMs: 10 },
      });
      await store(writer, makeRecords(1));
      await until(() => mute.stats().source.failures > 2, 'it fails as long as it can acknowledge nothing');
      expect(mute.health()).to.equal('degraded');
      expect(logger.lines.join('\n')).to.match(
        /cannot be read: Permissions Violation for Publish to "\$JS\.ACK\.usage\..*docs\/storages\.md/,
      );
      expect(mute.stats().source.redelivered).to.equal(0);
      await mute.close();
      await Promise.all(storages.map((storage) => storage.close()));
    });

    it('keeps to the size of messages that a server said last while none is there', async () => {
      const config = folder.file('nats.conf');
      await writeFile(config, 'max_payload: 4096\njetstream: enabled\n');
      own = await OwnServer.launch(nats, (findNats() as NatsServer).with(['-c', config]));
      const { port } = own;
      const settings = resolveConnection({ servers: own.url(), stream: 'usage', replicas: 1 });
      const link = await StreamLink.open(settings);
      await own.stop();
      const silent = createServer().listen(port, '127.0.0.1');
      const [socket] = (await once(silent, 'connection')) as [Socket];
      expect(link.maxBytes).to.equal(4096);
      await link.close();
      socket.destroy();
      silent.close();
    });
  });
});
