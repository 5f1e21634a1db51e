import fc from 'fast-check';
import { DEFAULT_DIMENSIONS } from '../../src/summary/dimensions.js';
import { weighted } from './weighted.js';
import type { Fault } from './gate.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The processes of a model. */
export type ProcessName = 'writer0' | 'writer1' | 'folder0' | 'folder1' | 'reader';

/** A question, with dates as milliseconds from the beginning of the history; null where there is none. */
export interface Question {
  readonly by: string;
  readonly period: 'hour' | 'day' | 'month' | 'total';
  readonly fromMs: number | null;
  readonly lengthMs: number | null;
  readonly fresh: boolean;
}

/** A record to be made: so far from now, or from the date of a record that there is. */
export interface Made {
  readonly near: number | null;
  readonly offsetMs: number;
  readonly look: number;
}

/** What becomes of an attempt; null where it succeeds. The database takes none of what it has refused. */
export type Outcome = Exclude<Fault, 'twice'> | 'refused' | null;

/** What a writer does: with what outcome, and how many calls it makes before it pauses. */
interface WriterStep {
  readonly outcome: Outcome;
  readonly calls: number;
}

/** A writer stores new records. */
export interface StoreStep extends WriterStep {
  readonly store: number;
  readonly made: readonly Made[];
}

/** A writer stores a batch again, or the first half of it. */
export interface AgainStep extends WriterStep {
  readonly again: number;
  readonly batch: number;
  readonly isHalf: boolean;
}

/** A writer deletes some records. */
export interface EraseStep extends WriterStep {
  readonly erase: number;
  readonly picks: readonly number[];
}

/** A writer deletes records by their dates, told from now. */
export interface EraseSpanStep extends WriterStep {
  readonly eraseSpan: number;
  readonly fromMs: number;
  readonly lengthMs: number;
}

/** Something that happens. */
export type SummaryStep =
  | StoreStep
  | AgainStep
  | EraseStep
  | EraseSpanStep
  | { readonly fold: number; readonly calls: number }
  | { readonly ask: Question; readonly calls: number }
  | { readonly goOn: ProcessName; readonly calls: number }
  | { readonly fail: ProcessName; readonly fault: Fault }
  | { readonly die: ProcessName }
  | { readonly close: number }
  | { readonly arrive: number }
  | { readonly advance: number };

/** What varies from model to model. */
export interface SummaryShape {
  readonly timeZone: string;
  readonly start: Date;
  /** How far the clocks of the second writer and the second folder are off, in milliseconds. */
  readonly writerSkewMs: number;
  readonly folderSkewMs: number;
  /** How long hours are kept, in milliseconds. */
  readonly hoursMs: number;
  readonly questions: readonly Question[];
}

const anyMs = (min: number, max: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.noBias(fc.integer({ min, max })),
    fc
      .noBias(fc.integer({ min: Math.ceil(min / HOUR), max: Math.floor(max / HOUR) }))
      .map((hours) => hours * HOUR),
  );

const questions: fc.Arbitrary<Question> = fc.record({
  by: fc.constantFrom(...DEFAULT_DIMENSIONS),
  period: fc.constantFrom('hour' as const, 'day' as const, 'month' as const, 'total' as const),
  fromMs: fc.option(anyMs(-5 * DAY, 3 * DAY), { freq: 4 }),
  lengthMs: fc.option(fc.oneof(fc.constantFrom(5 * MINUTE, HOUR, DAY), anyMs(1, 6 * DAY)), { freq: 4 }),
  fresh: fc.boolean(),
});

const SKEWS = [0, 0, 0, -40 * SECOND, -HOUR, HOUR];

/** Models of all sorts; some begin shortly before clocks are changed. */
export const summaryShapes: fc.Arbitrary<SummaryShape> = fc.record({
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin'),
  start: fc
    .constantFrom('2026-03-28T22:00:00Z', '2026-10-24T23:10:00Z', '2026-06-30T20:58:00Z')
    .map((text) => new Date(text)),
  writerSkewMs: fc.constantFrom(...SKEWS),
  folderSkewMs: fc.constantFrom(...SKEWS),
  hoursMs: fc.constantFrom(Infinity, 30 * HOUR),
  questions: fc.array(questions, { minLength: 3, maxLength: 3 }),
});

const made: fc.Arbitrary<Made> = fc
  .oneof(
    {
      weight: 5,
      arbitrary: fc.record({ near: fc.constant(null), offsetMs: fc.integer({ min: -6 * MINUTE, max: 0 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ near: fc.constant(null), offsetMs: fc.integer({ min: -30 * HOUR, max: 0 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        near: fc.constant(null),
        offsetMs: fc.integer({ min: -4 * DAY, max: 2 * DAY }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ near: fc.nat(30), offsetMs: fc.integer({ min: -4 * MINUTE, max: 4 * MINUTE }) }),
    },
    { weight: 1, arbitrary: fc.record({ near: fc.nat(30), offsetMs: fc.constantFrom(-HOUR, HOUR, -DAY) }) },
  )
  .chain((when) =>
    fc.record({ near: fc.constant(when.near), offsetMs: fc.constant(when.offsetMs), look: fc.nat(63) }),
  );

const writer = fc.nat(1);
const outcome: fc.Arbitrary<Outcome> = fc.constantFrom(
  null,
  null,
  null,
  null,
  'nothing',
  'refused',
  'answer-lost',
  'late',
);
const fewCalls = fc.oneof(
  { weight: 3, arbitrary: fc.constant(Infinity) },
  { weight: 2, arbitrary: fc.nat(5) },
);
const someCalls = fc.oneof(
  { weight: 1, arbitrary: fc.constant(Infinity) },
  { weight: 1, arbitrary: fc.nat(14) },
);
const process = fc.constantFrom<ProcessName[]>('writer0', 'writer1', 'folder0', 'folder1', 'reader');
const fault = fc.constantFrom<Fault[]>('nothing', 'answer-lost', 'late', 'twice');

const steps: fc.Arbitrary<SummaryStep> = fc.oneof(
  weighted<SummaryStep>(12, {
    store: writer,
    made: fc.array(made, { minLength: 1, maxLength: 4 }),
    outcome,
    calls: fewCalls,
  }),
  weighted<SummaryStep>(4, {
    again: writer,
    batch: fc.nat(20),
    isHalf: fc.boolean(),
    outcome,
    calls: fewCalls,
  }),
  weighted<SummaryStep>(4, {
    erase: writer,
    picks: fc.array(fc.nat(30), { minLength: 1, maxLength: 3 }),
    outcome,
    calls: fewCalls,
  }),
  weighted<SummaryStep>(2, {
    eraseSpan: writer,
    fromMs: anyMs(-4 * DAY, HOUR),
    lengthMs: anyMs(1, 3 * DAY),
    outcome,
    calls: fewCalls,
  }),
  weighted<SummaryStep>(14, { fold: fc.nat(1), calls: someCalls }),
  weighted<SummaryStep>(4, { ask: questions, calls: someCalls }),
  weighted<SummaryStep>(6, { goOn: process, calls: someCalls }),
  weighted<SummaryStep>(2, { fail: process, fault }),
  weighted<SummaryStep>(1, { die: process }),
  weighted<SummaryStep>(1, { close: writer }),
  weighted<SummaryStep>(3, { arrive: fc.nat(5) }),
  weighted<SummaryStep>(14, {
    advance: fc.constantFrom(
      20 * SECOND,
      MINUTE,
      6 * MINUTE,
      6 * MINUTE,
      20 * MINUTE,
      HOUR,
      5 * HOUR,
      13 * HOUR,
      DAY,
    ),
  }),
);

/** Anything that may happen to summaries, one thing after the other. */
const anything: fc.Arbitrary<SummaryStep[]> = fc.array(steps, { minLength: 8, maxLength: 45, size: 'max' });

const nearby: fc.Arbitrary<Made> = fc.record({
  near: fc.nat(3),
  offsetMs: fc.integer({ min: -4 * MINUTE, max: 4 * MINUTE }),
  look: fc.nat(63),
});
const late = fc.record({
  store: writer,
  made: fc.tuple(nearby),
  outcome: fc.constant(null),
  calls: fc.constant(Infinity),
});
const all: fc.Arbitrary<Question> = fc.record({
  by: fc.constantFrom(...DEFAULT_DIMENSIONS),
  period: fc.constantFrom('hour' as const, 'day' as const, 'total' as const),
  fromMs: fc.constant(null),
  lengthMs: fc.constant(null),
  fresh: fc.constant(true),
});

const passing = fc.constantFrom<ProcessName[]>('folder0', 'folder1', 'reader');

/** Late records of slices that are folded, while folders and a reader pass each other. */
const race: fc.Arbitrary<SummaryStep[]> = fc
  .tuple(
    late,
    fc.nat(9),
    fc.array(
      fc.oneof(
        weighted<SummaryStep>(3, {
          store: writer,
          made: fc.tuple(nearby),
          outcome: fc.constant(null),
          calls: fc.constant(Infinity),
        }),
        weighted<SummaryStep>(4, { fold: fc.nat(1), calls: fc.oneof(fc.constant(Infinity), fc.nat(14)) }),
        weighted<SummaryStep>(4, { ask: all, calls: fc.nat(3) }),
        weighted<SummaryStep>(4, { goOn: passing, calls: fc.oneof(fc.constant(Infinity), fc.nat(9)) }),
        weighted<SummaryStep>(3, { advance: fc.constantFrom(MINUTE, 6 * MINUTE, 20 * MINUTE) }),
      ),
      { minLength: 6, maxLength: 20, size: 'max' },
    ),
  )
  .map(([first, calls, rest]) => lateAfterFold(first, calls).concat(rest));

function lateAfterFold(step: StoreStep, calls: number): SummaryStep[] {
  return [
    { ...step, made: [{ near: null, offsetMs: -30 * MINUTE, look: 0 }] },
    { advance: 20 * MINUTE },
    { fold: 0, calls: Infinity },
    step,
    { advance: 6 * MINUTE },
    { fold: 1, calls },
    step,
    { advance: 6 * MINUTE },
    { ask: { by: 'status', period: 'total', fromMs: null, lengthMs: null, fresh: true }, calls: 1 },
  ];
}

/** What may happen to summaries. */
export const summaryHistories: fc.Arbitrary<SummaryStep[]> = fc.oneof(anything, race);
