import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { type LatePart, WaitingRoom } from '../../../src/capture/making/waiting-room.js';
import type { UsageRecordDraft } from '../../../src/record/usage-record.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { makeRecord } from '../../support/records.js';

describe('WaitingRoom', () => {
  let clock: ManualClock;
  let room: WaitingRoom;
  const finished: UsageRecordDraft[] = [];
  const reasons: unknown[] = [];

  beforeEach(() => {
    finished.length = 0;
    reasons.length = 0;
    clock = new ManualClock();
    room = new WaitingRoom(clock, 1000, (draft, _context, lack) => {
      finished.push(draft);
      reasons.push(lack === null ? null : `${lack.why}: ${[...lack.fields].join()}`);
    });
  });

  function makeDraft(): UsageRecordDraft {
    return { ...makeRecord(), username: null, ipInfo: null };
  }

  function part(field: LatePart['field'], value: Promise<unknown>, maxWaitMs = 100): LatePart {
    return { field, value, maxWaitMs };
  }

  function never(maxWaitMs = 100): LatePart {
    return part('ipInfo', new Promise(() => {}), maxWaitMs);
  }

  it('lets a draft go when all of its parts have come', async () => {
    const { promise, resolve } = Promise.withResolvers<object>();
    const waiting = makeDraft();
    room.add(waiting, [part('username', Promise.resolve('ada'), 10), part('ipInfo', promise)]);
    await clock.advance(99);
    expect(finished).to.deep.equal([]);
    resolve({ country: 'CH' });
    await room.left();
    expect(finished).to.deep.equal([waiting]);
    expect(waiting).to.deep.include({ username: 'ada', ipInfo: { country: 'CH' } });
    expect(reasons).to.deep.equal([null]);
  });

  it('lets it go with what has come when its time is over, and does not touch it afterwards', async () => {
    const { promise, resolve } = Promise.withResolvers<object>();
    const waiting = makeDraft();
    room.add(waiting, [part('username', Promise.resolve('ada'), 10), part('ipInfo', promise)]);
    await clock.advance(100);
    expect(finished).to.deep.equal([waiting]);
    Object.freeze(waiting);
    resolve({ country: 'CH' });
    await clock.advance(1000);
    expect(waiting).to.deep.include({ username: 'ada', ipInfo: null });
    expect(reasons).to.deep.equal(['late: ipInfo']);
    expect(finished).to.have.lengthOf(1);
  });

  it('lets everybody go when it is emptied', async () => {
    for (let count = 0; count < 3; count += 1) room.add(makeDraft(), [never()]);
    room.empty();
    expect(reasons).to.deep.equal(Array.from({ length: 3 }, () => 'closed: ipInfo'));
    await room.left();
    await clock.advance(1000);
    expect(finished).to.have.lengthOf(3);
  });

  it('waits for those who were there, and not for those who come later', async () => {
    room.add(makeDraft(), [never()]);
    room.add(makeDraft(), [never(200)]);
    let hasLeft = false;
    const leaving = room.left().then(() => (hasLeft = true));
    for (let count = 0; count < 3; count += 1) {
      await clock.advance(60);
      room.add(makeDraft(), [never()]);
    }
    expect([hasLeft, finished.length]).to.deep.equal([false, 2]);
    await clock.advance(20);
    await leaving;
    expect(finished).to.have.lengthOf(3);
  });

  it('keeps nothing of those who have waited for others to leave', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const empty = new WaitingRoom(clock, 1000, () => {});
    const draft = makeDraft();
    const growthBy = async (times: number): Promise<number> => {
      collect();
      const before = process.memoryUsage().heapUsed;
      for (let count = 0; count < times; count += 1) {
        empty.add(draft, [part('username', Promise.resolve('ada'))]);
        await empty.left();
      }
      collect();
      return process.memoryUsage().heapUsed - before;
    };
    await growthBy(1000);
    // With a set and a promise of each it would be over six megabytes.
    expect(await growthBy(20_000)).to.be.below(1_500_000);
  });

  it('holds as many as it may, and lets go at once what comes then', async () => {
    for (let count = 0; count < 1100; count += 1) room.add(makeDraft(), [never()]);
    expect(finished).to.have.lengthOf(100);
    expect(new Set(reasons)).to.deep.equal(new Set(['full: ipInfo']));
    await clock.advance(100);
    expect(finished).to.have.lengthOf(1100);
  });
});
