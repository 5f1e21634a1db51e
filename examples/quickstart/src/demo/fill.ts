import { setTimeout } from 'node:timers/promises';
import { SqliteDriver } from '@mikro-orm/sqlite';
import type { UsageMiddleware } from 'koa-track-usage';
import { SqlStorage } from 'koa-track-usage/sql';
import inject from 'light-my-request';
import { createApp } from '../app.js';
import { BUILDS } from './builds.js';
import { DemoClock } from './demo-clock.js';
import { type PlannedRequest, type PlannedStretch, STRETCH_MS, planTraffic } from './plan.js';

/** What records call the application. */
export const SERVICE = 'shop';

const DAY_MS = 86_400_000;

/** Within so long after the beginning of a stretch, the tracker has looked for what is to be done, in milliseconds. */
const LOOK_MS = 90_000;

/** How a database is filled. */
export interface FillOptions {
  /** When the last request comes. @default now */
  readonly end?: Date;
  /** Which share of the usual requests there is. @default 1 */
  readonly share?: number;
  /** Called when a day is over. */
  readonly onDay?: () => void;
}

/**
 * Fills a database as weeks of production would: each version of the application answers requests in its turn, by a clock that is put
 * forward, and its tracker stores, sums up and enters what it does otherwise.
 *
 * @returns the number of requests
 */
export async function fill(
  dbName: string,
  { end = new Date(), share = 1, onDay }: FillOptions = {},
): Promise<number> {
  const stretches = [...planTraffic(end, share)];
  const clock = new DemoClock(new Date(stretches[0]?.startMs ?? end));
  for (const [version, own] of Map.groupBy(stretches, (stretch) => stretch.version)) {
    const shop = await Shop.deploy(dbName, version, clock);
    for (const stretch of own) {
      await shop.pass(stretch);
      if (stretch.endMs % DAY_MS === 0) onDay?.();
    }
    await shop.close();
  }
  return stretches.reduce((sum, { requests }) => sum + requests.length, 0);
}

/** One version of the application, in its time. */
class Shop {
  readonly #clock: DemoClock;
  readonly #storage: SqlStorage;
  readonly #usage: UsageMiddleware;
  readonly #answer: ReturnType<ReturnType<typeof createApp>['app']['callback']>;
  /** Timers that are set while nothing is under way. */
  readonly #timersAtRest: number;
  /** How long the request takes that is being answered. */
  #durationMs = 0;

  private constructor(storage: SqlStorage, version: string, clock: DemoClock) {
    this.#clock = clock;
    this.#storage = storage;
    const { app, usage } = createApp({
      controllers: BUILDS.find((build) => build.version === version)?.controllers ?? [],
      middleware: [
        (_, next) => {
          clock.spend(this.#durationMs);
          return next();
        },
      ],
      tracker: {
        storage,
        clock,
        version,
        serverName: SERVICE,
        // No batch is under way when time passes: the records of each stretch are stored at its end.
        batch: { maxDelayMs: 3_600_000, maxRecords: 10_000 },
      },
    });
    this.#usage = usage;
    this.#timersAtRest = clock.pendingTimers;
    this.#answer = app.callback();
  }

  /** Starts a version on the database, which is made if it is missing. */
  static async deploy(dbName: string, version: string, clock: DemoClock): Promise<Shop> {
    return new Shop(await SqlStorage.connect({ driver: SqliteDriver, dbName }), version, clock);
  }

  /** Answers the requests of a stretch, each at its time. */
  async pass({ startMs, endMs, requests }: PlannedStretch): Promise<void> {
    await this.#reach(Math.min(startMs + LOOK_MS, endMs));
    for (const request of requests) await this.#ask(request);
    await this.#usage.tracker.flush();
    // The storage's own timers go by the machine's clock, which has hardly moved: it is asked to say now that the day before is over.
    if (endMs % DAY_MS === STRETCH_MS) await this.#storage.summaries?.settle();
    await this.#reach(endMs);
  }

  /** Ends the version. */
  async close(): Promise<void> {
    await this.#usage.tracker.close();
  }

  /** Lets time pass, and waits until the tracker has done what was due: it sets its next timer then. */
  async #reach(ms: number): Promise<void> {
    await this.#clock.reach(ms);
    while (this.#clock.pendingTimers < this.#timersAtRest) await setTimeout(1);
  }

  async #ask({ atMs, caller, method, url, body, durationMs }: PlannedRequest): Promise<void> {
    this.#clock.spend(Math.max(0, atMs - this.#clock.now()));
    this.#durationMs = durationMs;
    const { name, agent } = caller;
    const authorization = name === null ? {} : { authorization: `Basic ${btoa(`${name}:`)}` };
    await inject((request, response) => void this.#answer(request, response), {
      method,
      url,
      headers: { 'user-agent': agent, ...authorization },
      ...(body !== undefined && { payload: body }),
    });
  }
}
