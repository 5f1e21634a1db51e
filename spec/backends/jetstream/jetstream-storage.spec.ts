import { expect } from 'chai';
import { unpackRecords } from '../../../src/backends/jetstream/messages.js';
import type { UsageFeed } from '../../../src/storage/usage-source.js';
import { describeOn } from '../../support/describe-on.js';
import { FaultyStorage } from '../../support/faulty-storage.js';
import { refusal, store, useStream } from '../../support/jetstream.js';
import { freePort } from '../../support/processes.js';
import { makeRecords } from '../../support/records.js';

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
});
