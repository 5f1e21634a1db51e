import { expect } from 'chai';
import * as fc from 'fast-check';
import { caught } from '../support/caught.js';
import { asked, watchedHistories, watchedShapes } from '../support/watched-histories.js';
import { type Blindness, WatchedModel, WronglyUnused } from '../support/watched-model.js';

/** Whether there is a history after which an endpoint is called unused that nobody can say that of. */
async function isFoundWrong(blindness: Blindness): Promise<boolean> {
  const property = fc.asyncProperty(watchedShapes, asked, watchedHistories, (shape, rules, history) =>
    new WatchedModel(shape, rules, blindness).liveThrough(history),
  );
  const details = await fc.check(property, { numRuns: 5000, endOnFailure: true });
  return details.failed && details.errorInstance instanceof WronglyUnused;
}

/** Has a request be left out on the first day, of which an instance of another service, with a shorter retention, deletes the register. */
async function liveWithBriefRetention(blindness: Blindness = {}): Promise<void> {
  const builds = [null, 2, null].map((days) => ({ declared: 7, untracked: 0, days }));
  const shape = { timeZone: 'UTC', start: new Date('2026-03-06T15:20:00Z'), builds };
  const passing = [1, 6, 13, 1, 6, 6].map((advance) => ({ advance, silent: null }));
  await new WatchedModel(shape, { days: 3, minimumDays: 1, missingDays: 0 }, blindness).liveThrough([
    { start: 0, build: 0 },
    { start: 2, build: 1 },
    { call: 0, endpoint: 0, hoursAgo: 0, fate: 'ignored' },
    ...passing,
    { tidy: 2, calls: Infinity },
    { advance: 14, silent: null },
  ]);
}

describe('An endpoint', () => {
  it('is unused only if it was neither called nor left out, and somebody watched, whatever has happened', async function () {
    this.timeout(120_000);
    let unused = 0;
    const property = fc.asyncProperty(
      watchedShapes,
      asked,
      watchedHistories,
      async (shape, rules, history) => {
        const model = new WatchedModel(shape, rules);
        await model.liveThrough(history);
        unused += model.unused;
      },
    );
    await fc.assert(property, { numRuns: 200 });
    // Where nothing is unused, nothing is wrong.
    expect(unused).to.be.above(500);
  });

  describe('would be found wrong', function () {
    this.timeout(120_000);

    it('if records were overlooked that are not folded', async () => {
      expect(await isFoundWrong({ isBlindToRecords: true })).to.equal(true);
    });

    it('if all days counted as watched', async () => {
      const register: Blindness['register'] = (told) => ({
        ...told,
        endpoints: told.endpoints.map((one) => ({ ...one, watchedDays: 1000 })),
      });
      expect(await isFoundWrong({ register })).to.equal(true);
    });

    it('if requests were overlooked that were left out', async () => {
      const register: Blindness['register'] = (told) => ({
        ...told,
        endpoints: told.endpoints.map((one) => ({ ...one, skipped: {} })),
      });
      expect(await isFoundWrong({ register })).to.equal(true);
    });

    it('if lost records were overlooked', async () => {
      const register: Blindness['register'] = (told) => ({
        ...told,
        days: told.days.map((one) => ({ ...one, dropped: {} })),
      });
      expect(await isFoundWrong({ register })).to.equal(true);
    });

    it('if the deletions of retention were overlooked', async () => {
      const register: Blindness['register'] = (told) => ({ ...told, knownSince: null });
      await liveWithBriefRetention();
      expect(await caught(liveWithBriefRetention({ register }))).to.be.instanceOf(WronglyUnused);
    });
  });
});
