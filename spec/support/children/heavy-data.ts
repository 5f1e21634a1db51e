/** Measures what data of an application takes in memory, in a heap that holds little else: `node --expose-gc heavy-data.js`. */
import { estimateRecordBytes } from '../../../src/record/record-size.js';
import type { JsonObject, UsageRecord } from '../../../src/record/usage-record.js';
import { makeRecord } from '../records.js';

/** By the name of a shape, the bytes a record that its data took, and those that were estimated. */
export type HeavyData = Readonly<Record<string, { readonly taken: number; readonly estimated: number }>>;

/** Data of the application's own, in the shapes that take the most memory for what they say. */
const HEAVY: Record<string, (index: number) => JsonObject> = {
  lists: () => ({ list: Array.from({ length: 30 }, (_, at) => [[at]]) }),
  objects: () => ({ list: Array.from({ length: 40 }, (_, at) => ({ at, is: true })) }),
  both: () =>
    Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`k${at}`, { at, of: [at, at + 0.5] }])),
  wide: (index) => ({ note: Buffer.from(`${'Ж'.repeat(900)}${index}`).toString() }),
};

/** The bytes of the heap that data of the application's own takes in a record. */
function measure(data: (index: number) => JsonObject): number {
  const kept = Array.from<UsageRecord>({ length: 1000 });
  for (const index of kept.keys()) kept[index] = makeRecord({ trackVar: data(index) });
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (const index of kept.keys()) kept[index] = makeRecord({ trackVar: null });
  globalThis.gc?.();
  return (before - process.memoryUsage().heapUsed) / kept.length;
}

function estimate(trackVar: JsonObject | null): number {
  return estimateRecordBytes(makeRecord({ trackVar }));
}

const measured = Object.entries(HEAVY).map(([name, data]) => {
  // The least of a few measurements: what else the process gives back in the meantime only adds to one.
  const taken = Math.min(...Array.from({ length: 5 }, () => measure(data)));
  return [name, { taken, estimated: estimate(data(1)) - estimate(null) }] as const;
});
process.stdout.write(JSON.stringify(Object.fromEntries(measured) satisfies HeavyData));
