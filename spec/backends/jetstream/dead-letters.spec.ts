import { expect } from 'chai';
import type { TrackUsageError } from '../../../src/errors.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { encodeRecord } from '../../../src/record/wire.js';
import type { JetStreamStorage } from '../../../src/worker/index.js';
import { caught } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { useStream } from '../../support/jetstream.js';
import { makeRecords } from '../../support/records.js';

/** Has a stream keep dead letters, a record each. */
async function bury(
  storage: JetStreamStorage,
  reason: string,
  records: readonly UsageRecord[],
): Promise<void> {
  const feed = storage.feed('koa-track-usage');
  for (const record of records)
    await feed.deadLetter(Buffer.from(encodeRecord(record)), {
      id: `letter ${record.id}`,
      reason,
      error: null,
    });
}

async function refusal(promise: Promise<unknown>): Promise<[code: string, message: string]> {
  const { code, message } = (await caught(promise)) as TrackUsageError;
  return [code, message];
}

describe('Dead letters of a stream', () => {
  describeOn('nats', (server) => {
    const stream = useStream(server);

    it('are put back once each, whatever is before it, whoever else does, and wherever it was cut off', async () => {
      const { name } = stream();
      const subjects = [name, `${name}.refused`];
      // In such a stream an acknowledgement removes nothing.
      await stream().manage(({ streams }) =>
        streams.add({ name, subjects, discard: 'new', retention: 'limits' }),
      );
      await stream().publish(makeRecords(1));
      await stream().manage(({ streams }) => streams.purge(name, { filter: name }));
      const [one, other] = [await stream().connect(), await stream().connect()];
      await bury(one, 'spool-corrupt', makeRecords(120));
      await bury(one, 'refused', makeRecords(3));
      await stream().manage(({ streams }) => streams.update(name, { max_msgs: 124 }));
      await bury(one, 'refused', makeRecords(1));
      expect((await refusal(one.requeue()))[0]).to.equal('STORAGE_UNAVAILABLE');
      await stream().manage(({ streams }) => streams.update(name, { max_msgs: -1 }));
      const counts = await Promise.all([one.requeue(), other.requeue()]);
      expect(counts[0] + counts[1]).to.equal(4);
      expect(await one.requeue()).to.equal(0);
      expect(await one.contents()).to.include({ messages: 4, deadLetters: 120 });
    });

    it('stay in a stream that deletes nothing, rather than to be put back again and again', async () => {
      const { name } = stream();
      const subjects = [name, `${name}.refused`];
      await stream().manage(({ streams }) =>
        streams.add({ name, subjects, discard: 'new', retention: 'workqueue', deny_delete: true }),
      );
      const storage = await stream().connect();
      await bury(storage, 'refused', makeRecords(1));
      const [code, message] = await refusal(storage.requeue());
      expect(code).to.equal('STORAGE_SETUP');
      expect(message).to.include(' has deny_delete: ');
      expect(await storage.contents()).to.include({ messages: 0, deadLetters: 1 });
    });
  });
});
