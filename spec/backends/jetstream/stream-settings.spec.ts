import { randomUUID } from 'node:crypto';
import type { ConsumerConfig, StreamAPI, StreamConfig } from '@nats-io/jetstream';
import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import { MemoryStorage } from '../../../src/testing/index.js';
import { caught } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { useStream } from '../../support/jetstream.js';
import { makeRecords } from '../../support/records.js';
import { until } from '../../support/until.js';
import { warningsOf } from '../../support/warnings.js';

/** Settings that lose records, and what the error says of them. */
const FLAWS: readonly [config: Partial<StreamConfig>, said: string][] = [
  [{ retention: 'interest' }, 'retention: interest'],
  [{ no_ack: true }, 'no_ack'],
  [{ discard: 'old', max_bytes: 1_000_000 }, 'discard: old with a limit'],
  [{ discard: 'old', max_msgs: 1000 }, 'discard: old with a limit'],
  [{ discard: 'new', max_msgs_per_subject: 9 }, 'max_msgs_per_subject without discard_new_per_subject'],
  [{ subject_transform: { src: '>', dest: 'x.>' } }, 'subject_transform'],
];

/** Settings that may lose records, and what the warning says of them. */
const RISKS: readonly [config: Partial<StreamConfig>, said: string][] = [
  [{ max_age: 60e9 }, 'max_age'],
  [{ retention: 'limits' }, 'retention: limits'],
  [{ storage: 'memory' }, 'storage: memory'],
  [{ persist_mode: 'async' }, 'persist_mode: async'],
];

/** Settings that lose records, or have a worker wait for ever. */
const CONSUMER_FLAWS: readonly [config: Partial<ConsumerConfig>, said: string][] = [
  [{ deliver_subject: 'elsewhere' }, 'deliver_subject'],
  [{ ack_policy: 'all' }, 'an ack_policy other than explicit'],
  [{ deliver_policy: 'new' }, 'a deliver_policy other than all'],
  [{ filter_subject: '>' }, 'another filter_subject'],
  [{ max_deliver: 5 }, 'max_deliver'],
  [{ headers_only: true }, 'headers_only'],
  [{ max_ack_pending: 10 }, 'max_ack_pending below 1000'],
  [{ max_batch: 10 }, 'max_batch'],
  [{ max_expires: 9e9 }, 'max_expires below 10 s'],
];

async function setupRefusal(promise: Promise<unknown>): Promise<string> {
  const error = (await caught(promise)) as TrackUsageError;
  expect(error.code).to.equal('STORAGE_SETUP');
  return error.message;
}

describe('A stream that is there', () => {
  describeOn('nats', (server) => {
    const stream = useStream(server);

    /** A stream with a name of its own, as somebody else has made it. */
    function onStream<T>(
      config: Partial<StreamConfig>,
      visit: (streams: StreamAPI, name: string) => Promise<T>,
    ): Promise<T> {
      const name = `SPEC_${randomUUID()}`;
      const subjects = [name, `${name}.refused`];
      const made = { name, subjects, retention: 'workqueue', discard: 'new', ...config } as const;
      return stream().manage(async ({ streams }) => {
        await streams.add(made);
        return visit(streams, name).finally(() => streams.delete(name));
      });
    }

    it('is refused where its settings lose records, with what to do', async () => {
      for (const [config, said] of FLAWS)
        await onStream(config, async (_, name) => {
          const message = await setupRefusal(stream().connect({ stream: name }));
          expect(message).to.include(`The stream '${name}' has ${said}: `);
          expect(message).to.include(`Change it with nats stream edit ${name}; `);
        });
      await onStream({}, async (streams, name) => {
        await streams.update(name, { sealed: true } as object);
        expect(await setupRefusal(stream().connect({ stream: name }))).to.include(
          ' has sealed: it takes no ',
        );
      });
      await onStream({ mirror: { name: 'another' }, subjects: [], retention: 'limits' }, async (_, name) => {
        expect(await setupRefusal(stream().connect({ stream: name }))).to.include(' has mirror: ');
      });
    });

    it('is used with a warning where its settings may lose records', async () => {
      const warningsOn = (config: Partial<StreamConfig>): Promise<string[]> =>
        onStream(config, (_, name) =>
          warningsOf(async () => void (await stream().connect({ stream: name }))),
        );
      for (const [config, said] of RISKS) {
        const [warning, ...others] = await warningsOn(config);
        expect(others).to.deep.equal([]);
        expect(warning)
          .to.match(/^koa-track-usage: JetStreamStorage\.connect: the stream 'SPEC_[\w-]+' has /)
          .and.include(` has ${said}: `);
      }
      const harmless = { max_bytes: 1_000_000, max_msgs_per_subject: 10, discard_new_per_subject: true };
      expect(await warningsOn(harmless)).to.deep.equal([]);
    });

    it('has a consumer with as many messages as its limits allow', async () => {
      await onStream({ consumer_limits: { max_ack_pending: 2000 } }, async (_, name) => {
        const feed = (await stream().connect({ stream: name })).feed('koa-track-usage');
        expect(await feed.waiting()).to.equal(0);
        const { config } = await stream().manage(({ consumers }) => consumers.info(name, 'koa-track-usage'));
        expect(config.max_ack_pending).to.equal(2000);
      });
    });

    it('waits for its consumer to be mended, where that loses records', async () => {
      const { name } = stream();
      const wanted = {
        durable_name: 'koa-track-usage',
        ack_policy: 'explicit',
        filter_subject: name,
      } as const;
      const subjects = [name, `${name}.refused`];
      await stream().manage(({ streams }) => streams.add({ name, subjects, discard: 'new' }));
      const source = await stream().connect();
      for (const [config, said] of CONSUMER_FLAWS) {
        await stream().manage(({ consumers }) => consumers.add(name, { ...wanted, ...config }));
        const message = await setupRefusal(
          source.feed('koa-track-usage').pull(1)[Symbol.asyncIterator]().next(),
        );
        expect(message).to.include(`The consumer 'koa-track-usage' of the stream '${name}' has ${said}: `);
        expect(message).to.include(`Remove it with nats consumer rm ${name} koa-track-usage, `);
        await stream().manage(({ consumers }) => consumers.delete(name, 'koa-track-usage'));
      }
      await stream().manage(({ consumers }) => consumers.add(name, { ...wanted, max_deliver: 1 }));
      const worker = await stream().work(new MemoryStorage());
      await stream().publish(makeRecords(3));
      await until(() => worker.stats().source.failures > 0, 'the worker cannot read');
      await stream().manage(({ consumers }) => consumers.delete(name, 'koa-track-usage'));
      await until(() => worker.stats().stored === 3, 'the worker makes a consumer, and stores the records');
    });
  });
});
