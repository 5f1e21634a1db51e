import assert from 'node:assert/strict';
import { tidyRegister } from '../../endpoint/merging.js';
import { readRegister } from '../../endpoint/read-register.js';
import type { EndpointDeclaration, EndpointRegister } from '../../endpoint/register.js';
import { RegisterWriter } from '../../endpoint/register-writer.js';
import type { SummaryStore } from '../../storage/summary-store.js';
import { ALWAYS } from '../../summary/periods.js';
import { insist, isLater, patience } from './steps.js';
import { type ContractCheck, check, checkWith } from './subject.js';

const DAY_MS = 86_400_000;
const KEPT_MS = 100 * DAY_MS;
const NOON_MS = Date.parse('2026-03-01T12:00:00.000Z');

function declare(route: string): EndpointDeclaration {
  const named = { controller: 'ÜberController', action: 'get\'\\"' };
  return {
    method: 'GET',
    route,
    ...named,
    tracked: true,
    sampleRate: 0.1,
    deprecation: null,
    recordsDays: null,
    keep: null,
  };
}

/** Opens an instance that has made 5 records, and lost one of them. */
function instance(store: SummaryStore, route: string, now: () => number): RegisterWriter {
  return new RegisterWriter({
    store,
    service: 'shöp',
    version: '1.0.0-β',
    timeZone: 'UTC',
    answersDays: 30,
    keptMs: KEPT_MS,
    // More than one row takes.
    declared: () => [
      [declare(route), ...Array.from({ length: 250 }, (_, index) => declare(`/many/${index}`))],
    ],
    figures: () => ({
      accepted: 5,
      dropped: { late: 1 },
      skipped: { bot: 2 },
      endpoints: [{ method: 'GET', route, skipped: { bot: 2 } }],
    }),
    now,
  });
}

const write = (writer: RegisterWriter, isLast: boolean): Promise<unknown> =>
  insist(() => writer.write(isLast, patience()), isLater);

const tidy = (store: SummaryStore, nowMs: number): Promise<void> =>
  insist(() => tidyRegister(store, nowMs, KEPT_MS, patience()), isLater);

const read = (store: SummaryStore): Promise<EndpointRegister> => readRegister(store, ALWAYS, patience());

/** Has instances write at once, each on a store, and merge their day at once. */
async function tellAtOnce(stores: readonly SummaryStore[]): Promise<EndpointRegister> {
  const writers = stores.map((store, index) => instance(store, `/own/${index}`, () => NOON_MS));
  await Promise.all(writers.map((writer) => write(writer, false)));
  await Promise.all(writers.map((writer) => write(writer, true)));
  const told = await read(stores[0] as SummaryStore);
  const later = NOON_MS + 10 * DAY_MS;
  await Promise.all(stores.map((store) => tidy(store, later)));
  await tidy(stores[0] as SummaryStore, later);
  for (const store of stores) assert.deepEqual(await read(store), told);
  const days = await (stores[0] as SummaryStore).find({ kinds: ['watch'] }, patience());
  assert.equal(days.length, 1);
  return told;
}

function assertTold({ endpoints, days }: EndpointRegister, instances: number): void {
  assert.equal(endpoints.length, 250 + instances);
  const { service, controller, action, skipped, watchedDays, lastDeclared } =
    endpoints.find(({ route }) => route === '/own/0') ?? assert.fail('An endpoint is not there.');
  assert.deepEqual(
    { service, controller, action, skipped, watchedDays, lastDeclared },
    {
      service: 'shöp',
      controller: 'ÜberController',
      action: 'get\'\\"',
      skipped: { bot: 2 },
      watchedDays: 1,
      lastDeclared: new Date(NOON_MS),
    },
  );
  assert.deepEqual(days, [
    {
      service: 'shöp',
      start: new Date(NOON_MS - DAY_MS / 2),
      instances,
      unclosed: 0,
      accepted: 5 * instances,
      dropped: { late: instances },
      skipped: { bot: 2 * instances },
      asOf: new Date(NOON_MS),
    },
  ]);
}

/** How endpoints are registered, by storages that keep a register. */
export const REGISTER: readonly ContractCheck[] = [
  check(
    'tells what two instances have entered at once, also of days that were merged at once',
    async (storage) => {
      const { register: store } = storage;
      if (store === undefined) return;
      assert.deepEqual(await read(store), { endpoints: [], days: [], knownSince: null });
      assertTold(await tellAtOnce([store, store]), 2);
    },
  ),

  checkWith('openAnother', 'is one for all processes', async (storage, openAnother) => {
    const { register: store } = storage;
    const { register: other } = await openAnother();
    if (store === undefined || other === undefined) return;
    assertTold(await tellAtOnce([store, other, store]), 3);
  }),
];
