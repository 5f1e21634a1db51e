import type { SummaryStore } from '../storage/summary-store.js';
import {
  BUILD_MS,
  type RegisterDay,
  addWatches,
  daysOf,
  idsOfBuild,
  mergedRow,
  watchesOf,
} from './register-rows.js';

/** How long the rows of a day stay apart after its end, in milliseconds: instances may still tell of it. */
export const APART_MS = 2 * 86_400_000;

/** Instances that are merged at once; the ids of so many are listed in a row. */
const MERGED_AT_ONCE = 1000;

/**
 * Merges the rows of days that are over, a service and day each, and deletes what is older than it is kept. Any number of processes may do
 * so at once, and die in the midst of it. A merged row is there before the rows in it are deleted, and says of which instances it tells; of
 * two processes that make the next generation of it, one alone succeeds, as the id is taken then. A process that was stopped for long may
 * find the id free again; then there is a later generation, and its row does not count.
 *
 * @param keptMs - how long days are kept, in milliseconds
 */
export async function tidyRegister(
  store: SummaryStore,
  nowMs: number,
  keptMs: number,
  signal: AbortSignal,
): Promise<void> {
  await store.delete({ kinds: ['watch'], beforeMs: nowMs - keptMs }, signal);
  const days = await daysOf(await store.find({ kinds: ['watch'] }, signal), signal);
  for (const day of days) if (day.endMs <= nowMs - APART_MS) await mergeDay(store, day, signal);
  const used = new Set(days.flatMap(watchesOf).flatMap(({ builds }) => builds.flatMap(idsOfBuild)));
  // A build is there before a watch names it, and none begins to name one of these.
  const builds = await store.find({ kinds: ['build'], beforeMs: nowMs - BUILD_MS - APART_MS }, signal);
  const unused = builds.map(({ id }) => id).filter((id) => !used.has(id));
  if (unused.length > 0) await store.delete({ ids: unused }, signal);
}

async function mergeDay(store: SummaryStore, day: RegisterDay, signal: AbortSignal): Promise<void> {
  const { merged, single, instances, rows } = day;
  if (rows.length === 1 && single.length === 0) return;
  const some = single.slice(0, MERGED_AT_ONCE);
  const before = merged?.covered.filter((instance) => instances.has(instance)) ?? [];
  const covered = [...before, ...some.map(({ instance }) => instance)];
  const next = {
    generation: (merged?.generation ?? 0) + 1,
    covered,
    watches: addWatches([...(merged?.watches ?? []), ...some.map(({ watch }) => watch)]),
  };
  if (!(await store.insert([mergedRow(day, next)], signal))) return;
  const gone = new Set<string | null>([null, ...covered]);
  const ids = rows.filter(({ instance }) => gone.has(instance)).map(({ id }) => id);
  await store.delete({ ids }, signal);
}
