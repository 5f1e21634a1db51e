import { expect } from 'chai';
import { DailySalts } from '../../../../src/capture/client/visitor/daily-salts.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import { KeeperOfSalts } from '../../../support/salt-keeper.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A clock that can be set, as when a machine wakes up. */
class SettableClock extends ManualClock {
  aheadMs = 0;

  override now(): number {
    return super.now() + this.aheadMs;
  }
}

describe('DailySalts', () => {
  let clock: SettableClock;
  let keeper: KeeperOfSalts;
  let faults: string[];
  let salts: DailySalts;

  beforeEach(() => {
    clock = new SettableClock(new Date('2026-03-01T12:00:00Z'));
    keeper = new KeeperOfSalts();
    faults = [];
    salts = new DailySalts(clock, ({ message }) => faults.push(message));
  });

  afterEach(() => salts.close());

  /** The salt of a moment as it is known now, in hexadecimal; «waits» where it may still come. */
  function known(atMs = clock.now()): string | null {
    const salt = salts.find(atMs);
    if (salt instanceof Promise) return 'waits';
    return salt === null ? null : salt.toString('hex');
  }

  it('has nothing before it is told where salts are kept', () => {
    expect(known()).to.equal(null);
  });

  it('has the salt that is kept for the day, whoever proposed it', async () => {
    keeper.kept.set('2026-03-01', 'ab'.repeat(32));
    salts.open(keeper);
    const first = salts.find(clock.now());
    expect(first).to.be.an.instanceOf(Promise);
    expect((await first)?.toString('hex')).to.equal('ab'.repeat(32));
    expect(known()).to.equal('ab'.repeat(32));
    expect(keeper.claims).to.deep.equal(['2026-03-01']);
    expect(keeper.proposals[0]).to.match(/^[\da-f]{64}$/);
  });

  it("asks for the next day's salt ten minutes before midnight, so that nobody waits for it", async () => {
    salts.open(keeper);
    await clock.advance(12 * HOUR_MS - 10 * MINUTE_MS - 1);
    expect(keeper.claims).to.deep.equal(['2026-03-01']);
    await clock.advance(1);
    expect(keeper.claims).to.deep.equal(['2026-03-01', '2026-03-02']);
    const before = known();
    await clock.advance(10 * MINUTE_MS);
    expect(known()).to.equal(keeper.kept.get('2026-03-02'));
    expect(known()).to.not.equal(before);
    expect(known(clock.now() - 1)).to.equal(before);
  });

  it('deletes a salt 48 hours after its day began, where it is kept and in memory', async () => {
    salts.open(keeper);
    await clock.advance(0);
    const bytes = salts.find(clock.now()) as Buffer;
    const before = bytes.toString('hex');
    await clock.advance(36 * HOUR_MS - 1);
    expect(keeper.kept.get('2026-03-01')).to.equal(before);
    expect(bytes.toString('hex')).to.equal(before);
    await clock.advance(1);
    expect([...keeper.kept.keys()]).to.deep.equal(['2026-03-02', '2026-03-03']);
    expect(bytes.toString('hex')).to.equal('00'.repeat(32));
    expect(known(Date.parse('2026-03-01T23:59:59Z'))).to.equal(null);
    expect(faults).to.deep.equal([]);
  });

  it('deletes when it starts what other processes have left', async () => {
    for (const day of ['2025-12-31', '2026-02-27', '2026-02-28']) keeper.kept.set(day, 'cd'.repeat(32));
    salts.open(keeper);
    await clock.advance(0);
    expect([...keeper.kept.keys()]).to.deep.equal(['2026-02-28', '2026-03-01']);
  });

  it('tries again to delete what it could not', async () => {
    keeper.kept.set('2026-02-01', 'cd'.repeat(32));
    keeper.deletes = false;
    salts.open(keeper);
    await clock.advance(HOUR_MS);
    const attempts = keeper.deletions.length;
    expect(attempts).to.be.within(12, 120);
    expect(faults[0]).to.equal('Old salts cannot be deleted: not now');
    keeper.deletes = true;
    await clock.advance(5 * MINUTE_MS);
    expect([...keeper.kept.keys()]).to.deep.equal(['2026-03-01']);
    await clock.advance(HOUR_MS);
    expect(keeper.deletions).to.have.lengthOf(attempts + 1);
  });

  it('notices within ten minutes that its timers slept', async () => {
    salts.open(keeper);
    await clock.advance(0);
    clock.aheadMs = 5 * DAY_MS;
    await clock.advance(10 * MINUTE_MS);
    expect([...keeper.kept.keys()]).to.deep.equal(['2026-03-06']);
  });

  it('notices at once that its timers slept where a record asks', async () => {
    salts.open(keeper);
    await clock.advance(0);
    clock.aheadMs = 5 * DAY_MS;
    expect(known()).to.equal('waits');
    await clock.advance(0);
    expect(known()).to.equal(keeper.kept.get('2026-03-06'));
  });

  it('has salts of its own where nobody keeps any', async () => {
    salts.open(null);
    const other = new DailySalts(clock, () => {});
    other.open(null);
    await clock.advance(0);
    expect(known()).to.match(/^[\da-f]{64}$/);
    expect((other.find(clock.now()) as Buffer).toString('hex')).to.not.equal(known());
    const before = known();
    await clock.advance(DAY_MS);
    expect(known())
      .to.match(/^[\da-f]{64}$/)
      .and.not.equal(before);
    other.close();
  });

  for (const mood of ['reject', 'throw', 'hang', 'garbage'] as const) {
    it(`has nobody wait for a keeper that does not come to its senses (${mood}), and asks it on`, async () => {
      keeper.mood = mood;
      salts.open(keeper);
      expect(known()).to.equal('waits');
      const first = salts.find(clock.now());
      await clock.advance(HOUR_MS);
      expect(known()).to.equal(null);
      expect(faults[0]).to.match(/^The salt of a day cannot be had: /);
      expect(keeper.claims.length).to.be.greaterThan(20);
      expect(new Set(keeper.proposals).size).to.equal(1);
      keeper.mood = 'keep';
      await clock.advance(MINUTE_MS);
      expect(known()).to.equal(keeper.kept.get('2026-03-01'));
      expect(await first).to.equal(salts.find(clock.now()));
    });
  }

  it('says nothing of a salt when it cannot be kept', async () => {
    keeper.mood = 'tell';
    salts.open(keeper);
    await clock.advance(MINUTE_MS);
    expect(faults[0]).to.equal('The salt of a day cannot be had: cannot keep …');
    expect(faults.join(' ')).to.not.include(String(keeper.proposals[0]));
  });

  it('wipes everything and sets no timer any more when it is closed', async () => {
    salts.open(keeper);
    await clock.advance(0);
    const bytes = salts.find(clock.now()) as Buffer;
    salts.close();
    expect(bytes.toString('hex')).to.equal('00'.repeat(32));
    expect(known()).to.equal(null);
    expect(clock.pendingTimers).to.equal(0);
    expect(keeper.kept.size).to.equal(1);
  });

  it('leaves nobody waiting and no timer behind when it is closed in the middle of it', async () => {
    keeper.mood = 'hang';
    keeper.deletes = false;
    salts.open(keeper);
    const waiting = salts.find(clock.now());
    await clock.advance(100);
    salts.close();
    expect(await waiting).to.equal(null);
    await clock.advance(0);
    expect(clock.pendingTimers).to.equal(0);
    salts.open(keeper);
    expect(keeper.claims).to.have.lengthOf(1);
  });
});
