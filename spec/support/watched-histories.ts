import * as fc from 'fast-check';
import { weighted } from './weighted.js';
import type { Fault } from './gate.js';

/** What becomes of a request: its record, or an attempt at storing it, or none is made as configured. */
export type Fate = 'stored' | 'answer-lost' | 'late' | 'nothing' | 'dropped' | 'ignored' | 'sampled';

/** How a service is built and configured. */
export interface BuildShape {
  /** Bit by bit, which endpoints are declared, and which of these are not tracked. */
  readonly declared: number;
  readonly untracked: number;
  /** Days that summaries are kept; null for ever. */
  readonly days: number | null;
}

/** One thing that happens. Slots hold an instance each; `calls` are those of the store that it can make before it has to wait. */
export type WatchedStep =
  | { readonly start: number; readonly build: number }
  | { readonly advance: number; readonly silent: number | null }
  | { readonly call: number; readonly endpoint: number; readonly hoursAgo: number; readonly fate: Fate }
  | { readonly again: number; readonly batch: number }
  | { readonly tell: number; readonly calls: number }
  | { readonly tidy: number; readonly calls: number }
  | { readonly prune: number; readonly calls: number }
  | { readonly fold: number; readonly calls: number }
  | { readonly goOn: number; readonly calls: number }
  | { readonly fail: number; readonly fault: Fault }
  | { readonly die: number }
  | { readonly close: number }
  | { readonly arrive: number };

/** Where and how instances live. */
export interface WatchedShape {
  readonly timeZone: string;
  readonly start: Date;
  readonly builds: readonly BuildShape[];
}

/** What is asked for after each step. */
export interface Asked {
  readonly days: number;
  readonly minimumDays: number;
  readonly missingDays: number;
}

/** Slots of instances: two of one service, and one of another. */
export const SLOTS = ['shop', 'shop', 'mail'] as const;

const days = fc.option(fc.integer({ min: 2, max: 5 }), { nil: null, freq: 2 });

/** Most builds declare and track all endpoints, so that these can be found unused. */
const build: fc.Arbitrary<BuildShape> = fc.record({
  declared: fc.oneof({ weight: 3, arbitrary: fc.constant(7) }, fc.nat(7)),
  untracked: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(7)),
  days,
});

export const watchedShapes: fc.Arbitrary<WatchedShape> = fc.record({
  timeZone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata'),
  start: fc.constantFrom(new Date('2026-03-06T15:20:00Z'), new Date('2026-10-30T03:50:00Z')),
  builds: fc.array(build, { minLength: 3, maxLength: 3 }),
});

export const asked: fc.Arbitrary<Asked> = fc.record({
  days: fc.integer({ min: 1, max: 8 }),
  minimumDays: fc.integer({ min: 1, max: 4 }),
  missingDays: fc.constantFrom(0, 0, 0, 1),
});

const BEGINNING: WatchedStep[] = [
  { start: 0, build: 0 },
  { start: 2, build: 1 },
];

const slot = fc.nat(SLOTS.length - 1);
const calls = fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, { weight: 1, arbitrary: fc.nat(9) });
const fate = fc.constantFrom<Fate[]>(
  'stored',
  'stored',
  'stored',
  'answer-lost',
  'late',
  'nothing',
  'dropped',
  'ignored',
  'sampled',
);

const steps: fc.Arbitrary<WatchedStep> = fc.oneof(
  weighted<WatchedStep>(40, {
    advance: fc.constantFrom(1, 6, 6, 13, 13, 24, 50),
    silent: fc.option(slot, { nil: null, freq: 2 }),
  }),
  weighted<WatchedStep>(6, {
    call: slot,
    endpoint: fc.nat(2),
    hoursAgo: fc.constantFrom(0, 0, 1, 9, 30),
    fate,
  }),
  weighted<WatchedStep>(2, { again: slot, batch: fc.nat(9) }),
  weighted<WatchedStep>(2, { tell: slot, calls }),
  weighted<WatchedStep>(5, { tidy: slot, calls }),
  weighted<WatchedStep>(5, { prune: slot, calls }),
  weighted<WatchedStep>(6, { fold: fc.nat(1), calls }),
  weighted<WatchedStep>(3, { goOn: fc.nat(SLOTS.length + 1), calls }),
  weighted<WatchedStep>(1, {
    fail: slot,
    fault: fc.constantFrom<Fault[]>('nothing', 'answer-lost', 'late', 'twice'),
  }),
  weighted<WatchedStep>(1, { die: slot }),
  weighted<WatchedStep>(1, { close: slot }),
  weighted<WatchedStep>(5, { start: slot, build: fc.nat(2) }),
  weighted<WatchedStep>(2, { arrive: fc.nat(3) }),
);

/** What may happen to services over some days, which begin with an instance of each. */
export const watchedHistories: fc.Arbitrary<WatchedStep[]> = fc
  .array(steps, { minLength: 8, maxLength: 40, size: 'max' })
  .map((rest) => BEGINNING.concat(rest));
