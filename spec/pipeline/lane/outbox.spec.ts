import { expect } from 'chai';
import type { DropReason } from '../../../src/pipeline/telling/accounting.js';
import { LaneAccounts } from '../../../src/pipeline/lane/lane-accounts.js';
import type { QueueSettings } from '../../../src/pipeline/lane/lane-settings.js';
import { Outbox } from '../../../src/pipeline/lane/outbox.js';
import type { TakenBatch } from '../../../src/pipeline/record-queue.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { NOBODY } from '../../support/lanes.js';
import { makeRecord } from '../../support/records.js';

function makeOutbox(settings: Partial<QueueSettings> = {}, relinquish = (): UsageRecord | null => null) {
  const dropped: [DropReason, readonly UsageRecord[]][] = [];
  const accounts = new LaneAccounts('memory', {
    ...NOBODY,
    dropped: (_storage, reason, _count, records) => void dropped.push([reason, records]),
  });
  const queue = { maxRecords: 3, maxBytes: 1000, overflow: 'drop-newest', ...settings } as const;
  const retry = { minDelayMs: 500, maxDelayMs: 30_000, attemptTimeoutMs: 10_000, maxAgeMs: 8000 };
  const clock = new ManualClock();
  const outbox = new Outbox({ clock, queue, retry, spool: null }, null, accounts, relinquish);
  const push = (count: number, bytes = 100): UsageRecord[] => {
    const records = Array.from({ length: count }, () => makeRecord());
    for (const record of records) outbox.push(record, bytes);
    return records;
  };
  return { outbox, clock, dropped, push };
}

describe('Outbox', () => {
  it('drops the newest, or the oldest, when it is full', () => {
    const newest = makeOutbox();
    const records = newest.push(4);
    expect(newest.dropped).to.deep.equal([['queue-full', records.slice(3)]]);
    const oldest = makeOutbox({ overflow: 'drop-oldest' });
    const others = oldest.push(4);
    expect(oldest.dropped).to.deep.equal([['queue-full', others.slice(0, 1)]]);
    expect([newest.outbox.queued, oldest.outbox.queued]).to.deep.equal([3, 3]);
  });

  it('takes in as much as its bounds allow, to the record and to the byte', () => {
    const { dropped, outbox, push } = makeOutbox({ maxRecords: 2, maxBytes: 100 });
    push(1, 101);
    push(1, 60);
    push(1, 41);
    push(1, 40);
    push(1, 0);
    expect(dropped.map(([reason]) => reason)).to.deep.equal(['too-large', 'queue-full', 'queue-full']);
    expect(outbox).to.include({ queued: 2, queuedBytes: 100 });
  });

  it('takes a record as large as the queue, and none that is larger', () => {
    const { dropped, outbox, push } = makeOutbox();
    push(1, 1000);
    const larger = push(1, 1001);
    expect(outbox.queued).to.equal(1);
    expect(dropped).to.deep.equal([['too-large', larger]]);
  });

  it('drops as many of the oldest as a large record needs', () => {
    const { dropped, outbox, push } = makeOutbox({ maxRecords: 9, overflow: 'drop-oldest' });
    const records = push(5, 200);
    push(1, 500);
    expect(dropped.flatMap(([, lost]) => lost)).to.deep.equal(records.slice(0, 3));
    expect(outbox.queued).to.equal(3);
  });

  it('drops the oldest of a batch that was taken before what waits, by its bytes, if it is handed back', () => {
    let batch: TakenBatch | null = null;
    const taken: UsageRecord[] = [];
    const { dropped, outbox, push } = makeOutbox({ maxRecords: 9, overflow: 'drop-oldest' }, () => {
      const record = taken.shift();
      if (record !== undefined) batch?.settle(1);
      return record ?? null;
    });
    const records = push(5, 200);
    batch = outbox.take(2, Infinity) as TakenBatch;
    taken.push(...batch.records);
    push(1, 150);
    expect(dropped).to.deep.equal([['queue-full', records.slice(0, 1)]]);
    push(1, 450);
    expect(dropped.at(-1)).to.deep.equal(['queue-full', records.slice(1, 3)]);
    expect(outbox.queued).to.equal(4);
  });

  it('drops the new record alone where all of the others are held', () => {
    const { dropped, outbox, push } = makeOutbox({ overflow: 'drop-oldest' });
    push(3);
    void outbox.take(3, Infinity);
    const records = push(1);
    expect(dropped).to.deep.equal([['queue-full', records]]);
  });

  it('counts what was taken until it is settled', () => {
    const { dropped, outbox, push } = makeOutbox();
    push(3);
    const batch = outbox.take(2, Infinity) as TakenBatch;
    push(1);
    expect(dropped).to.have.length(1);
    batch.settle(2);
    push(2);
    expect(dropped).to.have.length(1);
    expect(outbox.queued).to.equal(3);
  });

  it('drops as shutdown-timeout what it cannot rescue without a spool', async () => {
    const { dropped, outbox, push } = makeOutbox();
    push(3);
    const batch = outbox.take(1, Infinity) as TakenBatch;
    await outbox.rescue(batch.records);
    expect(dropped.map(([reason, lost]) => [reason, lost.length])).to.deep.equal([['shutdown-timeout', 3]]);
    expect(outbox.queued).to.equal(0);
  });
});
