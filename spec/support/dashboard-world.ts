import type { EndpointDeclaration, RegisteredEndpoint } from '../../src/endpoint/register.js';
import { RegisterWriter } from '../../src/endpoint/register-writer.js';
import type { SummaryStore } from '../../src/storage/summary-store.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { MemoryRows } from '../../src/testing/memory-rows.js';
import { writerSettings } from './register-writers.js';
import { RECORDS, REGISTER } from './report-world.js';
import { NOW, foldAll } from './reports.js';

const DAY_MS = 86_400_000;

/** Days that instances ran for. */
const DAYS = 95;

const { signal } = new AbortController();

/** How much of the records is summed up. */
export type Folded = 'nothing' | 'half' | 'all';

/** Stores the records and the register of the reports' world, as applications would have done, and sums them up. */
export async function fillWorld(storage: UsageStorage, folded: Folded): Promise<void> {
  const half = folded === 'half' ? RECORDS.length / 2 : 0;
  await storage.store(RECORDS.slice(half), signal);
  if (folded !== 'nothing' && storage.summaries != null) await foldAll(storage.summaries);
  if (half > 0) await storage.store(RECORDS.slice(0, half), signal);
  await storage.summaries?.settle();
  await storage.register?.prepare(true, signal);
  await storage.register?.insert(await registerRows(), signal);
}

/** What instances of both services write into the register until now. */
async function registerRows(): ReturnType<SummaryStore['find']> {
  const rows = new MemoryRows();
  for (const service of ['shop', 'mail']) {
    const own = REGISTER.endpoints.filter((one) => one.service === service);
    const goneMs = Math.max(...own.filter(({ isDeclared }) => !isDeclared).map(lastDeclaredMs), 0);
    await runInstance(rows, service, own, [NOW.getTime() - DAYS * DAY_MS, goneMs]);
    const left = own.filter(({ isDeclared }) => isDeclared);
    await runInstance(rows, service, left, [Math.max(goneMs, NOW.getTime() - DAYS * DAY_MS), NOW.getTime()]);
  }
  return rows.find({}, signal);
}

/** Has an instance tell of itself once a day, from one moment until another. */
async function runInstance(
  store: SummaryStore,
  service: string,
  declared: readonly EndpointDeclaration[],
  [fromMs, untilMs]: readonly [fromMs: number, untilMs: number],
): Promise<void> {
  let nowMs = fromMs;
  const settings = { service, declared: () => [declared] };
  const writer = new RegisterWriter(writerSettings(store, () => nowMs, settings));
  for (; nowMs < untilMs; nowMs += DAY_MS) await writer.write(false, signal);
  nowMs = untilMs;
  if (fromMs < untilMs) await writer.write(true, signal);
}

function lastDeclaredMs({ lastDeclared }: RegisteredEndpoint): number {
  return lastDeclared.getTime();
}
