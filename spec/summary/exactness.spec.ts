import { expect } from 'chai';
import fc from 'fast-check';
import { Inexact } from '../support/summary-answers.js';
import {
  type Made,
  type SummaryStep,
  summaryHistories,
  summaryShapes,
} from '../support/summary-histories.js';
import { type Disguise, SummaryModel } from '../support/summary-model.js';
import {
  manifestBeforeMarks,
  marksDeletedByTime,
  publishedUnchecked,
  watermarkWithoutMarks,
} from '../support/summary-sabotage.js';

/** Whether there is a history after which an answer is not what the records tell. */
async function isFoundWrong(disguise: Disguise): Promise<boolean> {
  const property = fc.asyncProperty(summaryShapes, summaryHistories, async (shape, history) => {
    const model = new SummaryModel(shape, disguise);
    await model.liveThrough(history).catch((error: unknown) => {
      if (error instanceof Inexact) throw error;
    });
  });
  const details = await fc.check(property, { numRuns: 5000, endOnFailure: true });
  return details.failed && details.errorInstance instanceof Inexact;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const at = (offsetMs: number): Made => ({ near: null, offsetMs, look: 0 });
const again: Made = { near: 0, offsetMs: 0, look: 0 };

function stored(made: Made) {
  return { store: 0, made: [made], outcome: null, calls: Infinity } as const;
}

function fold(folder: number, calls = Infinity): SummaryStep {
  return { fold: folder, calls };
}

async function live(history: readonly SummaryStep[], folderSkewMs = 0): Promise<void> {
  const start = new Date('2026-06-30T20:38:00Z');
  const model = new SummaryModel({
    timeZone: 'UTC',
    start,
    writerSkewMs: 0,
    folderSkewMs,
    hoursMs: Infinity,
    questions: [],
  });
  await model.liveThrough(history);
  await model.end();
}

describe('summaries', () => {
  it('answer what the records tell, whatever has happened', async function () {
    this.timeout(120_000);
    let folded = 0;
    const property = fc.asyncProperty(summaryShapes, summaryHistories, async (shape, history) => {
      const model = new SummaryModel(shape);
      await model.liveThrough(history);
      await model.end();
      folded += model.folded;
    });
    await fc.assert(property, { numRuns: 80 });
    // Answers that are counted record by record alone would be exact, and prove nothing.
    expect(folded).to.be.above(1000);
  });

  describe('are exact', () => {
    it('where a slice is in use for longer than folds wait for a writer', async () => {
      const hourly = Array.from({ length: 30 }, (): SummaryStep[] => [
        { ...stored(again), outcome: 'nothing' },
        { advance: 50 * MINUTE },
      ]);
      await live([
        stored(at(-30 * MINUTE)),
        { advance: 6 * MINUTE },
        fold(0),
        ...hourly.flat(),
        fold(0),
        stored(again),
      ]);
    });

    it('where a mark went although its deletion failed', async () => {
      await live([
        { ...stored(at(-10 * MINUTE)), calls: 4 },
        { advance: 6 * MINUTE },
        { goOn: 'writer0', calls: 1 },
        { fail: 'writer0', fault: 'answer-lost' },
        { goOn: 'writer0', calls: Infinity },
        fold(0),
        stored(again),
      ]);
    });

    const unknown = { ...stored(at(-10 * MINUTE)), outcome: 'late' } as const;
    const anew: SummaryStep = { again: 0, batch: 0, isHalf: false, outcome: null, calls: Infinity };
    const erased = { erase: 0, picks: [0], outcome: null, calls: Infinity } as const;
    const folded: SummaryStep[] = [{ advance: 6 * MINUTE }, fold(0)];

    it('where a deletion that was given up arrives after its record was stored again', async () => {
      await live([
        stored(at(-10 * MINUTE)),
        ...folded,
        { ...erased, outcome: 'late' },
        anew,
        ...folded,
        { arrive: 0 },
      ]);
    });

    it('where a record that was given up, and stored again, arrives after its deletion', async () => {
      const deletions: SummaryStep[] = [
        erased,
        { ...erased, erase: 1 },
        { eraseSpan: 1, fromMs: -HOUR, lengthMs: HOUR, outcome: null, calls: Infinity },
      ];
      for (const deletion of deletions) {
        await live([unknown, anew, deletion, ...folded, { arrive: 0 }]);
        await live([unknown, anew, ...folded, deletion, ...folded, { arrive: 0 }]);
      }
    });

    it('where the clock of one folder is behind that of another', async () => {
      const history = [
        stored(at(0)),
        { advance: 30 * MINUTE },
        fold(0),
        stored(again),
        { advance: 40 * MINUTE },
        fold(1),
      ];
      await live(history, -HOUR);
    });

    it('where a fold is followed by another one before it knows that it was published', async () => {
      const touched = (fromMs: number): SummaryStep => ({
        eraseSpan: 1,
        fromMs,
        lengthMs: 24.9 * HOUR,
        outcome: null,
        calls: Infinity,
      });
      for (let calls = 48; calls < 60; calls += 1) {
        const first = [stored(at(-97.5 * HOUR)), { advance: 20 * MINUTE }, fold(0), touched(-97.9 * HOUR)];
        const more: SummaryStep[] = [touched(-97.1 * HOUR), fold(1), { goOn: 'folder0', calls: Infinity }];
        await live([...first, fold(0, calls), ...more]);
      }
    });
  });

  describe('would be found wrong', function () {
    this.timeout(120_000);

    it('if a fold deleted marks by time rather than by their ids', async () => {
      expect(await isFoundWrong(marksDeletedByTime)).to.equal(true);
    });

    it('if all that is old counted as folded, without marks', async () => {
      expect(await isFoundWrong(watermarkWithoutMarks)).to.equal(true);
    });

    it('if a manifest was published whatever the generation is', async () => {
      expect(await isFoundWrong(publishedUnchecked)).to.equal(true);
    });

    it('if a reader looked once, at the manifest before the marks', async () => {
      expect(await isFoundWrong(manifestBeforeMarks)).to.equal(true);
    });
  });
});
