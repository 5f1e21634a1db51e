import { expect } from 'chai';
import { caught } from '../../support/caught.js';
import { TrackUsageError } from '../../../src/errors.js';
import type { CloseResult } from '../../../src/index.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import { HOUR_MS, ObservedStorage, keepFor } from '../../support/pruned.js';
import { serve } from '../../support/serve.js';

const OLD = new Date('2020-01-01T00:00:00Z');
const never = (): Promise<number> => new Promise(() => {});

async function holdingOld(count = 1): Promise<ObservedStorage> {
  const storage = new ObservedStorage();
  await storage.store(Array.from({ length: count }, () => makeRecord({ date: OLD })));
  return storage;
}

describe('StoragePruner', () => {
  for (const [what, fail, message] of [
    ['rejects', () => Promise.reject(new Error('disk on fire')), 'Error: disk on fire'],
    [
      'throws',
      () => {
        throw new Error('no way');
      },
      'Error: no way',
    ],
    ['answers nothing', async () => undefined as never, 'answered undefined to deleteBefore'],
    ['answers more than the limit', async () => 101, 'answered 101 to deleteBefore'],
    ['answers less than nothing', async () => -1, 'answered -1 to deleteBefore'],
  ] as const) {
    it(`reports a storage that ${what}, and tries again soon`, async () => {
      const storage = await holdingOld();
      storage.deletion = fail;
      const { tracker, clock, failures } = keepFor(1, storage);
      await clock.advance(0);
      expect(failures).to.have.lengthOf(1);
      expect(failures[0])
        .to.include("old records were not deleted from the storage 'memory'")
        .and.include(message);
      expect(tracker.stats().retention).to.deep.equal({ deleted: 0, failures: 1, lastRunAt: null });
      storage.deletion = (_date, _limit, _signal, really) => really();
      await clock.advance(1000);
      expect(storage.records).to.deep.equal([]);
      expect(tracker.stats().retention).to.include({ deleted: 1, failures: 1 });
      await tracker.close();
    });
  }

  it('takes an answer as large as its limit, and goes on until all is deleted', async () => {
    const storage = await holdingOld(250);
    const { tracker, clock } = keepFor(1, storage);
    await clock.advance(1000);
    expect(storage.records).to.deep.equal([]);
    expect(storage.asked.map(({ limit }) => limit)).to.deep.equal([100, 100, 100]);
    expect(tracker.stats().retention).to.include({ deleted: 250, failures: 0 });
    await tracker.close();
  });

  it('has dropped first what can go together, until nothing is left, and counts that too, whatever the number', async () => {
    const storage = await holdingOld(250);
    const order: string[] = [];
    const dropBefore = async (): Promise<number> => {
      order.push('drop');
      return order.length === 1 ? 5_000_000 : 0;
    };
    Object.assign(storage, { dropBefore });
    storage.deletion = (_date, _limit, _signal, really) => {
      order.push('delete');
      return really();
    };
    const { tracker, clock } = keepFor(1, storage);
    await clock.advance(HOUR_MS / 2);
    expect(order).to.deep.equal(['drop', 'delete', 'drop', 'delete', 'delete']);
    expect(tracker.stats().retention).to.include({ deleted: 5_000_250, failures: 0 });
    await clock.advance(HOUR_MS);
    expect(order.slice(5)).to.deep.equal(['drop', 'delete']);
    Object.assign(storage, { dropBefore: async () => -1 });
    expect((await caught(tracker.prune())).message).to.include('answered -1 to dropBefore');
    await tracker.close();
  });

  it('deletes all else where nothing can be dropped, asks again after a minute, and reports it at the end', async () => {
    const storage = await holdingOld(250);
    let [asked, isMended] = [0, false];
    const dropBefore = async (): Promise<number> => {
      asked += 1;
      if (isMended) return 0;
      throw new TrackUsageError('STORAGE_SETUP', 'a view reads it');
    };
    Object.assign(storage, { dropBefore });
    const { tracker, clock, failures } = keepFor(1, storage, { retry: { attemptTimeoutMs: 120_000 } });
    const minute = Promise.withResolvers<void>();
    storage.deletion = async (_date, _limit, _signal, really) => {
      if (storage.asked.length === 2) await minute.promise;
      return really();
    };
    await clock.advance(60_000);
    expect(storage.asked).to.have.lengthOf(2);
    expect(asked).to.equal(1);
    minute.resolve();
    await clock.advance(1000);
    expect(storage.records).to.deep.equal([]);
    expect(asked).to.equal(2);
    expect(failures).to.have.lengthOf(1);
    expect(failures[0]).to.include('a view reads it');
    expect(tracker.stats().retention).to.deep.equal({ deleted: 250, failures: 1, lastRunAt: null });
    isMended = true;
    await clock.advance(HOUR_MS);
    expect(tracker.stats().retention).to.include({ failures: 1 });
    expect(asked).to.equal(3);
    await tracker.close();
  });

  it('deletes as many at once as the storage wishes', async () => {
    const storage = Object.assign(await holdingOld(250), { deletionRecords: 200 });
    const { tracker, clock } = keepFor(1, storage);
    await clock.advance(1000);
    expect(storage.records).to.deep.equal([]);
    expect(storage.asked.map(({ limit }) => limit)).to.deep.equal([200, 200]);
    await tracker.close();
  });

  it('reports at most once a minute, and pauses longer and longer, but no longer than an hour', async () => {
    const storage = await holdingOld();
    storage.deletion = () => Promise.reject(new Error('still on fire'));
    const { tracker, clock, failures } = keepFor(1, storage);
    await clock.advance(59_999);
    const attempts = storage.asked.length;
    expect(attempts).to.be.greaterThan(3);
    expect(failures).to.have.lengthOf(1);
    await clock.advance(100 * HOUR_MS);
    expect(storage.asked.length - attempts).to.be.greaterThan(99);
    expect(storage.asked.length).to.be.lessThan(1000);
    expect(tracker.stats().retention?.failures).to.equal(storage.asked.length);
    await tracker.close();
  });

  it('leaves a storage alone for an hour that a person has to mend', async () => {
    const storage = await holdingOld();
    storage.deletion = () => Promise.reject(new TrackUsageError('STORAGE_SETUP', 'no right to delete'));
    const { tracker, clock } = keepFor(1, storage);
    await clock.advance(HOUR_MS - 1);
    expect(storage.asked).to.have.lengthOf(1);
    await clock.advance(1);
    expect(storage.asked).to.have.lengthOf(2);
    await tracker.close();
  });

  it('gives up a storage that hangs, and does not ask it again until it has answered', async () => {
    const storage = await holdingOld();
    let answer = (_deleted: number): void => {};
    storage.deletion = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const { tracker, clock, failures } = keepFor(1, storage, { retry: { attemptTimeoutMs: 5000 } });
    await clock.advance(4999);
    expect(tracker.stats().retention?.failures).to.equal(0);
    await clock.advance(1);
    expect(storage.asked[0]?.signal.aborted).to.equal(true);
    expect(failures[0]).to.include("The storage 'memory' did not answer within 5000 ms.");
    await clock.advance(10 * HOUR_MS);
    expect(storage.asked).to.have.lengthOf(1);
    expect(tracker.stats().retention?.failures).to.be.greaterThan(9);
    answer(1);
    storage.deletion = (_date, _limit, _signal, really) => really();
    await clock.advance(HOUR_MS);
    expect(storage.asked.length).to.be.greaterThan(1);
    // The late answer counts as well.
    expect(tracker.stats().retention).to.include({ deleted: 2 });
    await tracker.close();
  });

  it('takes nothing from requests and their records while it fails', async () => {
    const storage = new ObservedStorage();
    storage.deletion = never;
    const served = await serve({
      tracker: {
        storage,
        retention: { records: { days: 1 } },
        defaultPolicy: 'include',
        trackUnmatched: true,
      },
    });
    const response = await fetch(`${served.origin}/any`);
    await response.arrayBuffer();
    await served.usage.tracker.flush();
    expect(response.status).to.equal(404);
    expect(storage.asked).to.have.lengthOf(1);
    await served.close();
    expect(storage.records).to.have.lengthOf(1);
  });

  describe('when the tracker is closed', () => {
    it('asks no more, whatever is left', async () => {
      const storage = await holdingOld(500);
      const { tracker, clock } = keepFor(1, storage);
      await clock.advance(0);
      await tracker.close();
      await clock.advance(10 * HOUR_MS);
      expect(storage.asked).to.have.lengthOf(1);
      expect(storage.records).to.have.lengthOf(400);
      expect(clock.pendingTimers).to.equal(0);
    });

    it('aborts a deletion under way, and waits until the storage has let go of it before it closes that', async () => {
      const storage = await holdingOld();
      const calls: string[] = [];
      const letGo = Promise.withResolvers<number>();
      storage.deletion = (_date, _limit, signal) => {
        signal.addEventListener('abort', () => calls.push(`aborted: ${String(signal.reason)}`));
        return letGo.promise;
      };
      const close = async (): Promise<void> => void calls.push('closed');
      Object.assign(storage, { close });
      const { tracker, clock, failures } = keepFor(1, storage);
      await clock.advance(0);
      const closing = tracker.close({ timeoutMs: 5000 });
      await clock.advance(1000);
      expect(calls).to.have.lengthOf(1);
      expect(calls[0]).to.match(/^aborted: TrackUsageError: The tracker was closed/);
      letGo.resolve(0);
      await closing;
      expect(calls[1]).to.equal('closed');
      expect(failures).to.deep.equal([]);
    });

    it('waits no longer than its time out for a storage that hangs', async () => {
      const storage = await holdingOld();
      storage.deletion = never;
      const { tracker, clock } = keepFor(1, storage);
      await clock.advance(0);
      let result: CloseResult | null = null;
      void tracker.close({ timeoutMs: 700 }).then((closed) => {
        result = closed;
      });
      await clock.advance(699);
      expect(result).to.equal(null);
      await clock.advance(1);
      expect(result).to.deep.equal({ stored: 0, spooled: 0, dropped: 0 });
      expect(clock.pendingTimers).to.equal(0);
    });
  });

  it('begins only when the storages are found, without holding what found them', async () => {
    const storage = new ObservedStorage();
    await storage.store(makeRecords(3));
    const { tracker, clock } = keepFor(1, storage);
    expect(storage.asked).to.deep.equal([]);
    await clock.advance(0);
    expect(storage.asked).to.have.lengthOf(1);
    await tracker.close();
  });
});
