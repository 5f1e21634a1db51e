import { BUILDS } from './builds.js';
import { CALLERS, type Caller, KINDS, type Kind, type Outcome } from './traffic.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the tracker does by the clock, it does between stretches of so many milliseconds. */
export const STRETCH_MS = 6 * HOUR_MS;

/** Days with traffic, that of today among them. */
const DAYS = 35;

/** All that looks like chance follows from it. */
const SEED = 20_260_101;

/** From midnight on, how busy an hour is. */
const HOURS = [2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 12, 12, 13, 13, 12, 13, 14, 15, 13, 10, 6, 4];

/** From Sunday on. */
const WEEKDAYS = [0.6, 1, 1.05, 1.1, 1.05, 1.15, 0.75];

/** How much more is asked on the last day than on the first. */
const GROWTH = 0.4;

/** On that day, the payment provider did not answer in the afternoon. */
const BAD_DAYS_AGO = 6;

/** A request to come. */
export interface PlannedRequest {
  /** In milliseconds since 1970. */
  readonly atMs: number;
  readonly caller: Caller;
  readonly method: Kind['method'];
  readonly url: string;
  readonly body: object | undefined;
  readonly durationMs: number;
}

/** Some hours to come. */
export interface PlannedStretch {
  readonly startMs: number;
  readonly endMs: number;
  readonly version: string;
  /** By their times. */
  readonly requests: readonly PlannedRequest[];
}

/** An hour of the plan. */
interface Hour {
  readonly startMs: number;
  readonly version: string;
  /** How many of the requests of a usual day fall on it, from 0 to 1. */
  readonly busyness: number;
  readonly isBad: boolean;
}

/**
 * Plans what is asked of the shop in the days before a moment. Of one moment and one share, there is one plan.
 *
 * @param share - of the requests of a usual day that are planned, above 0
 */
export function* planTraffic(end: Date, share = 1): Generator<PlannedStretch> {
  const random = randomFrom(SEED);
  const todayMs = end.getTime() - (end.getTime() % DAY_MS);
  for (let startMs = todayMs - (DAYS - 1) * DAY_MS; startMs < end.getTime(); startMs += STRETCH_MS) {
    const version = versionAt(startMs, todayMs);
    const endMs = Math.min(startMs + STRETCH_MS, end.getTime());
    const requests = Array.from({ length: STRETCH_MS / HOUR_MS }, (_, index) => {
      const hourMs = startMs + index * HOUR_MS;
      const daysAgo = Math.ceil((todayMs - hourMs) / DAY_MS);
      const growth = 1 + GROWTH * (1 - daysAgo / DAYS);
      const isBad = daysAgo === BAD_DAYS_AGO && new Date(hourMs).getUTCHours() >= 13;
      return requestsOf(
        { startMs: hourMs, version, busyness: share * growth * rhythm(hourMs), isBad },
        random,
      );
    }).flat();
    const within = requests.filter(({ atMs }) => atMs < endMs);
    yield { startMs, endMs, version, requests: within.toSorted((one, other) => one.atMs - other.atMs) };
  }
}

function requestsOf(hour: Hour, random: () => number): PlannedRequest[] {
  return CALLERS.flatMap((caller) =>
    Object.entries(caller.perDay).flatMap(([name, perDay]) => {
      const kind: Kind = KINDS[name as keyof typeof KINDS];
      // Who could not pay tries again, and again.
      const more = hour.isBad && name === 'checkout' ? 20 : 1;
      const count = hasCallers(kind, hour.version) ? Math.floor(perDay * hour.busyness * more + random()) : 0;
      return Array.from({ length: count }, () => request(caller, kind, hour, random));
    }),
  );
}

/** Which share of the requests of a usual day falls on an hour. */
function rhythm(ms: number): number {
  const date = new Date(ms);
  const all = HOURS.reduce((sum, hour) => sum + hour, 0);
  return ((HOURS[date.getUTCHours()] ?? 0) / all) * (WEEKDAYS[date.getUTCDay()] ?? 1);
}

/** Deploys are at noon. */
function versionAt(ms: number, todayMs: number): string {
  const deployed = BUILDS.filter(({ daysAgo }) => ms >= todayMs - daysAgo * DAY_MS + 12 * HOUR_MS);
  return deployed.at(-1)?.version ?? '';
}

function hasCallers({ since, until }: Kind, version: string): boolean {
  return (since === undefined || version >= since) && (until === undefined || version < until);
}

function request(
  caller: Caller,
  { method, path, body, typicalMs }: Kind,
  { startMs, isBad }: Hour,
  random: () => number,
): PlannedRequest {
  return {
    atMs: Math.floor(startMs + random() * HOUR_MS),
    caller,
    method,
    url: path.replaceAll(/\{(\d+)\}/g, (_, most: string) => String(1 + Math.floor(random() * Number(most)))),
    body: path.endsWith('/checkout') ? { outcome: payment(isBad, random()) } : body,
    durationMs: typicalMs * Math.exp(0.5 * bell(random)),
  };
}

function payment(isBad: boolean, chance: number): Outcome {
  if (isBad && chance < 0.7) return 'no-answer';
  return chance > 0.96 ? 'declined' : 'paid';
}

/** Nearly a normal deviate: the sum of twelve uniform ones less their mean (the Irwin–Hall distribution). */
function bell(random: () => number): number {
  return Array.from({ length: 12 }, random).reduce((sum, each) => sum + each, -6);
}

/** Numbers from 0 inclusive to 1 exclusive: mulberry32, by Tommy Ettinger, in the public domain. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
