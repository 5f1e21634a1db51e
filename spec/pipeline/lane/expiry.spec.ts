import { expect } from 'chai';
import fc from 'fast-check';
import { noDrops } from '../../../src/pipeline/telling/accounting.js';
import { Spool } from '../../../src/pipeline/spool/spool.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { expectBalanced } from '../../support/accounts.js';
import { makeLane } from '../../support/lanes.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import { temporaryFolder } from '../../support/sqlite.js';

const DAY_MS = 86_400_000;
const MAX_AGE_MS = 7 * DAY_MS;
const RETRY = { minDelayMs: 500, maxDelayMs: 30_000, attemptTimeoutMs: 10_000, maxAgeMs: MAX_AGE_MS };

/** A clock whose time of day can be set; the monotonic clock goes on. */
class SetClock extends ManualClock {
  setByMs = 0;

  override now(): number {
    return super.now() + this.setByMs;
  }
}

function failingLane(maxAgeMs = MAX_AGE_MS) {
  const clock = new SetClock();
  const queue = { maxRecords: 5000, maxBytes: 10_000_000, overflow: 'drop-newest' } as const;
  const made = makeLane({ clock, queue, retry: { ...RETRY, maxAgeMs } });
  made.storage.mood = 'reject';
  const accept = (count: number) => {
    const records = makeRecords(count, { date: new Date(clock.now()) });
    for (const record of records) made.lane.accept(record, 100);
    return records;
  };
  return { ...made, clock, accept };
}

describe('A record that waits', () => {
  for (const jumps of [[8], [-8], [-8, 0], [400, -400, 0]]) {
    it(`does not expire as the time of day is set by ${jumps.join(', then by ')} days`, async () => {
      const { clock, storage, lane, accept } = failingLane();
      accept(10);
      await clock.advance(60_000);
      for (const days of jumps) {
        clock.setByMs = days * DAY_MS;
        accept(10);
        await clock.advance(60_000);
      }
      storage.mood = 'store';
      await clock.advance(60_000);
      expect(lane.stats()).to.include({ stored: 10 * (jumps.length + 1), queued: 0 });
      expect(lane.stats().dropped).to.deep.equal(noDrops());
    });

    it(`expires in time though the time of day is set by ${jumps.join(', then by ')} days`, async () => {
      const { clock, lane, accept } = failingLane();
      accept(10);
      for (const days of jumps) {
        clock.setByMs = days * DAY_MS;
        await clock.advance(MAX_AGE_MS / jumps.length);
      }
      await clock.advance(60_000);
      expect(lane.stats()).to.include({ stored: 0, queued: 0 });
      expect(lane.stats().dropped.expired).to.equal(10);
      expectBalanced(lane.stats());
    });
  }

  it('never expires before it has waited for so long, and does not wait for more than an eighth longer', async () => {
    const gaps = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 3000 }), setByMs: fc.integer() }), {
      minLength: 1,
      maxLength: 40,
    });
    const property = fc.asyncProperty(gaps, async (given) => {
      const maxAgeMs = 16_000;
      const { clock, lane, accept } = failingLane(maxAgeMs);
      const cameMs: number[] = [];
      let expired = 0;
      const look = (): void => {
        ({ expired } = lane.stats().dropped);
        const waited = cameMs.map((came) => clock.monotonic() - came);
        expect(expired).to.be.at.most(waited.filter((ms) => ms > maxAgeMs).length);
        // An attempt, which notes who has come, is made every thirty seconds at least, and another drops those that are expired.
        expect(expired).to.be.at.least(waited.filter((ms) => ms > maxAgeMs * 1.125 + 60_000).length);
        expectBalanced(lane.stats());
      };
      for (const { afterMs, setByMs } of given) {
        clock.setByMs = setByMs % (1000 * DAY_MS);
        accept(1);
        cameMs.push(clock.monotonic());
        await clock.advance(afterMs);
        look();
      }
      for (let step = 0; step < 25; step += 1) {
        await clock.advance(4000);
        look();
      }
      expect(expired).to.equal(given.length);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('in the spool of a process that died has waited since it was adopted', async () => {
    const folder = await temporaryFolder();
    const observer = { returned() {}, lost() {}, adopted() {}, ready() {} };
    const settings = {
      dir: folder.file('spool'),
      maxBytes: 1e6,
      maxPendingBytes: 1e6,
      fsync: 'never',
    } as const;
    const dead = new Spool(settings, new ManualClock(), observer);
    dead.append(makeRecord({ date: new Date('2020-01-01') }), 100);
    await dead.close();
    const clock = new SetClock();
    await clock.advance(5000);
    const heir = new Spool(settings, clock, observer);
    await heir.written();
    expect(await heir.take(10, 1e6)).to.include({ sinceMs: 5000 });
    await clock.advance(5000);
    heir.append(makeRecord(), 100);
    await heir.written();
    expect(await heir.take(10, 1e6)).to.include({ sinceMs: 10_000 });
    await heir.close();
    await folder.remove();
  });
});
