import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type Socket, createServer } from 'node:net';
import { expect } from 'chai';
import { resolveConnection } from '../../../src/backends/jetstream/connect-options.js';
import { StreamLink } from '../../../src/backends/jetstream/stream-link.js';
import { encodeRecord } from '../../../src/record/wire.js';
import { MemoryStorage } from '../../../src/testing/index.js';
import { JetStreamStorage, consumeUsage } from '../../../src/worker/index.js';
import { KeepingLogger } from '../../support/crash-watch.js';
import { describeOn } from '../../support/describe-on.js';
import { refusal, store } from '../../support/jetstream.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import { type NatsServer, findNats, nats } from '../../support/servers/nats.js';
import { OwnServer } from '../../support/servers/test-server.js';
import { useTemporaryFolder } from '../../support/sqlite.js';
import { until } from '../../support/until.js';

describe('JetStreamStorage on a server of its own', () => {
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
