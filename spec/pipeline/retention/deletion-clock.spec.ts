import { expect } from 'chai';
import type { StorageErrorEvent } from '../../../src/index.js';
import { makeRecord } from '../../support/records.js';
import { DAY_MS, HOUR_MS, ObservedStorage, keepFor } from '../../support/pruned.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

/** A storage with records of these ages, in milliseconds. */
async function holding(...agesMs: readonly number[]): Promise<ObservedStorage> {
  const storage = new ObservedStorage();
  await storage.store(agesMs.map((ageMs) => makeRecord({ date: new Date(NOW - ageMs) })));
  return storage;
}

/** A year of records, one a day, the last of which was made an hour ago. */
const aYear = (): Promise<ObservedStorage> =>
  holding(...Array.from({ length: 365 }, (_, day) => day * DAY_MS + HOUR_MS));

describe('The clock of retention, with a storage that has a clock', () => {
  it("decides by the storage's clock which records are too old", async () => {
    const storage = await aYear();
    const { tracker, clock } = keepFor(30, storage);
    clock.setByMs = 20 * HOUR_MS;
    storage.now = async () => new Date(NOW);
    await clock.advance(HOUR_MS - 1);
    expect(storage.records).to.have.lengthOf(30);
    expect(storage.asked[0]?.date).to.deep.equal(new Date(NOW - 30 * DAY_MS));
    await tracker.close();
  });

  for (const setByMs of [400 * DAY_MS, DAY_MS, -DAY_MS, -400 * DAY_MS]) {
    it(`deletes nothing while the clock of the process is set by ${setByMs / DAY_MS} days, and says so once`, async () => {
      const storage = await aYear();
      const events: StorageErrorEvent[] = [];
      const { tracker, clock, failures } = keepFor(30, storage);
      tracker.on('error', (event) => events.push(event));
      storage.now = async () => new Date(NOW + clock.monotonic());
      clock.setByMs = setByMs;
      await clock.advance(5 * HOUR_MS);
      expect(storage.asked).to.deep.equal([]);
      expect(failures).to.have.lengthOf(1);
      expect(failures[0])
        .to.include(`The clock of this process says ${new Date(NOW + setByMs).toISOString()}`)
        .and.include(
          `that of the storage 'memory' says ${new Date(NOW).toISOString()}. Set the wrong one right`,
        );
      expect(tracker.health()).to.equal('degraded');
      expect(tracker.stats()).to.deep.include({ retention: { deleted: 0, failures: 6, lastRunAt: null } });
      expect(tracker.stats().lastError).to.include({ code: 'STORAGE_SETUP' });
      expect(events.map(({ storage: name }) => name)).to.deep.equal(['memory (retention)']);
      clock.setByMs = 0;
      await clock.advance(HOUR_MS);
      await clock.advance(1000);
      expect(storage.records).to.have.lengthOf(30);
      expect(tracker.health()).to.equal('ok');
      await tracker.close();
    });
  }

  it('deletes nothing by a clock that tells no time, or does not answer', async () => {
    const hangs = (): Promise<Date> => new Promise(() => {});
    for (const now of [async () => new Date(NaN), async () => null as unknown as Date, hangs]) {
      const storage = await aYear();
      storage.now = now;
      const { tracker, clock, failures } = keepFor(30, storage);
      await clock.advance(5 * HOUR_MS);
      expect(storage.asked).to.deep.equal([]);
      expect(failures).to.have.length.greaterThan(0);
      void tracker.close({ timeoutMs: 0 });
      await clock.advance(1000);
    }
  });
});

describe('The clock of retention, with a storage that has none', () => {
  /** Such a storage does not tell the time; `keepFor` would have it do so. */
  const keep = (storage: ObservedStorage, options: Parameters<typeof keepFor>[2] = {}) => {
    const kept = keepFor(30, storage, options);
    delete storage.now;
    return kept;
  };

  it('is trusted at once where records are from about now, and tells of the first deletion alone', async () => {
    const storage = await aYear();
    const { tracker, clock, warnings } = keep(storage);
    await clock.advance(3 * DAY_MS);
    expect(tracker.stats().retention).to.include({ deleted: 338, failures: 0 });
    expect(warnings).to.deep.equal([
      "koa-track-usage: the option retention and the storage 'memory': old records deleted from it so far: 335; stats() counts those that follow",
    ]);
    await tracker.close();
  });

  it('is trusted at once where all records are from about now, or none is there', async () => {
    for (const ages of [[], [0], [HOUR_MS, 5 * HOUR_MS]]) {
      const storage = await holding(...ages);
      const { tracker, clock, warnings } = keep(storage);
      await clock.advance(0);
      expect(storage.asked).to.have.lengthOf(1);
      expect(warnings).to.deep.equal([]);
      await tracker.close();
    }
  });

  for (const [title, ages] of [
    ['the newest record is old', [400 * DAY_MS, 401 * DAY_MS]],
    ['the newest record is a day old', [DAY_MS, 2 * DAY_MS]],
    ['another process has dated new records by the same clock', [60_000, 3 * HOUR_MS, 400 * DAY_MS]],
  ] as const) {
    it(`is waited for, for a day, where ${title}`, async () => {
      const storage = await holding(...ages);
      const { tracker, clock, warnings } = keep(storage);
      await clock.advance(DAY_MS - 1);
      expect(storage.asked).to.deep.equal([]);
      expect(warnings).to.have.lengthOf(1);
      expect(warnings[0])
        .to.include(
          'nothing is deleted from it for a day, as the clock of this process says 2026-01-01T00:00:00.000Z',
        )
        .and.include('no record is from between ');
      expect(tracker.health()).to.equal('ok');
      await clock.advance(1);
      expect(storage.records.map(({ date }) => NOW - date.getTime())).to.deep.equal(
        ages.filter((ageMs) => ageMs <= 29 * DAY_MS),
      );
      await tracker.close();
    });
  }

  it('is not trusted for the records that this process dates by it', async () => {
    const storage = await holding(400 * DAY_MS);
    const { tracker, clock } = keep(storage);
    await storage.store([makeRecord({ date: new Date(NOW) }), makeRecord({ date: new Date(NOW + 1) })]);
    await clock.advance(DAY_MS - 1);
    expect(storage.asked).to.deep.equal([]);
    await tracker.close();
  });

  for (const setByMs of [8 * DAY_MS, DAY_MS, -DAY_MS, -400 * DAY_MS]) {
    it(`is waited for, for a day, when it is set by ${setByMs / DAY_MS} days while the process runs`, async () => {
      const storage = await aYear();
      const { tracker, clock, warnings } = keep(storage);
      await clock.advance(10 * HOUR_MS);
      const { length } = storage.records;
      clock.setByMs = setByMs;
      // Records of the hour until the clock is looked at next.
      await storage.store([makeRecord({ date: new Date(clock.now()) })]);
      const asked = storage.asked.length;
      await clock.advance(DAY_MS);
      expect(storage.asked).to.have.lengthOf(asked);
      expect(storage.records).to.have.lengthOf(length + 1);
      const told = [NOW + 10 * HOUR_MS + setByMs, NOW + 10 * HOUR_MS].map((ms) =>
        new Date(ms).toISOString().slice(0, 16),
      );
      const [says, said] = told as [string, string];
      expect(warnings.at(-1)).to.match(
        new RegExp(
          `says ${says}\\S+, but said ${said}\\S+ until it was set; if the clock is wrong, set it right$`,
        ),
      );
      await clock.advance(2 * HOUR_MS);
      expect(storage.asked.length).to.be.greaterThan(asked);
      await tracker.close();
    });
  }

  it('is waited for anew when it is set right again, and no record is deleted that is not too old', async () => {
    const storage = await aYear();
    const { tracker, clock } = keep(storage);
    await clock.advance(0);
    clock.setByMs = 400 * DAY_MS;
    await clock.advance(20 * HOUR_MS);
    clock.setByMs = 0;
    await clock.advance(10 * DAY_MS);
    const youngest = Math.min(...storage.asked.map(({ date }) => date.getTime()));
    expect(Math.max(...storage.asked.map(({ date }) => date.getTime()))).to.be.at.most(
      clock.now() - 30 * DAY_MS,
    );
    expect(youngest).to.equal(NOW - 30 * DAY_MS);
    expect(storage.records).to.have.lengthOf(20);
    await tracker.close();
  });

  it('is waited for where no records can be read', async () => {
    const storage = await aYear();
    Object.defineProperty(storage, 'reader', { value: undefined });
    const { tracker, clock, warnings } = keep(storage);
    await clock.advance(DAY_MS - 1);
    expect(storage.asked).to.deep.equal([]);
    expect(warnings).to.have.lengthOf(1);
    await clock.advance(1);
    expect(storage.asked).to.have.length.greaterThan(0);
    await tracker.close();
  });

  it('tells of a first deletion that the end of the tracker interrupts', async () => {
    const storage = await holding(
      0,
      HOUR_MS,
      ...Array.from({ length: 300 }, () => 40 * DAY_MS),
      1.5 * DAY_MS,
    );
    const { tracker, clock, warnings } = keep(storage);
    await clock.advance(0);
    await tracker.close();
    expect(warnings).to.have.lengthOf(1);
    expect(warnings[0]).to.include('so far: 100;');
  });
});
