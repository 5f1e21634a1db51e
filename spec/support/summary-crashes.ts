import { expect } from 'chai';
import { type SummaryReader, type UsageSummary, isSummaryReader } from '../../src/storage/usage-summary.js';
import type { StorageSummaries } from '../../src/storage/usage-storage.js';
import { readManifest } from '../../src/summary/manifest.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { drain } from '../../src/testing/contract/steps.js';
import {
  OPERATIONS,
  type OperationName,
  PERSON,
  type SummarizingStorage,
  cutOf,
  foldAll,
  recordsFrom,
} from './summary-operations.js';
import { DAY_MS } from './summarized.js';

const { signal } = new AbortController();

type Ask = (query: object) => Promise<UsageSummary<string>>;

/** What a database was told of before an operation. */
export interface Before {
  readonly operation: OperationName;
  readonly startMs: number;
  readonly answers: readonly unknown[];
}

function asking(reader: unknown): Ask {
  if (!isSummaryReader(reader as never)) throw new Error('It has no getSummary.');
  return (query) => (reader as SummaryReader).getSummary(query as never);
}

async function answersOf(
  ask: Ask,
  more: object = {},
  dimensions = ['caller', 'endpointCaller'],
): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const by of dimensions)
    for (const period of ['day', 'total']) answers.push((await ask({ by, period, ...more })).rows);
  return answers;
}

/** Notes what a database answers before an operation. */
export async function noteBefore(
  operation: OperationName,
  storage: SummarizingStorage,
  startMs: number,
): Promise<Before> {
  const isErased = operation === 'erase';
  const more = isErased ? { endDate: new Date(cutOf(startMs)) } : {};
  const answers = await answersOf(asking(storage.reader), more, isErased ? ['status', 'server'] : undefined);
  return { operation, startMs, answers };
}

/** Expects a database to answer as before an operation that was cut short, and the operation to be done by doing it again. */
export async function expectSurvived(storage: SummarizingStorage, before: Before): Promise<void> {
  await expectTrue(storage, before);
  await OPERATIONS[before.operation](storage, before.startMs);
  // By then, the process that was killed counts as gone.
  await storage.summaries?.settle();
  await foldAll(storage, Date.now() + 3 * DAY_MS);
  await expectTrue(storage, before);
  await expectDone(storage, before);
}

/** Every answer is that of the records, and what is sealed is what it was. */
async function expectTrue(
  storage: SummarizingStorage,
  { operation, startMs, answers }: Before,
): Promise<void> {
  const ask = asking(storage.reader);
  if (operation !== 'erase') {
    expect(await answersOf(ask)).to.deep.equal(answers);
    return;
  }
  const sealed = { endDate: new Date(cutOf(startMs)) };
  expect(await answersOf(ask, sealed, ['status', 'server'])).to.deep.equal(answers);
  const memory = new MemoryStorage();
  await memory.store(await drain(storage.reader.streamUsage()));
  const open = { startDate: sealed.endDate };
  expect(await answersOf(ask, open)).to.deep.equal(await answersOf(asking(memory), open));
}

async function expectDone(storage: SummarizingStorage, { operation, startMs }: Before): Promise<void> {
  const { store } = storage.summaries as StorageSummaries;
  const rows = await store.find({}, signal);
  expect(rows.filter(({ kind }) => ['fold', 'touched', 'writing'].includes(kind))).to.deep.equal([]);
  expect(rows.filter(({ kind }) => kind === 'manifest')).to.have.lengthOf(1);
  const manifest = await readManifest(store, signal);
  const told = new Set(
    [...(manifest?.units ?? []), ...(manifest?.replaced ?? [])].map(
      (unit) => `${unit.kind} ${unit.startMs} ${unit.edition}`,
    ),
  );
  const strays = rows.filter(
    (row) =>
      ['day', 'hour', 'slice'].includes(row.kind) && !told.has(`${row.kind} ${row.startMs} ${row.edition}`),
  );
  expect(strays.map(({ id }) => id)).to.deep.equal([]);
  const { live, sealedUntil } = await asking(storage.reader)({ by: 'caller', period: 'day' });
  expect(live).to.equal(0);
  const left = await storage.reader.countUsage();
  const records = recordsFrom(startMs);
  const isSealed = operation === 'prune' || operation === 'erase';
  expect(sealedUntil).to.deep.equal(isSealed ? new Date(cutOf(startMs)) : null);
  if (operation === 'erase') {
    const names = rows.filter(({ data }) => Buffer.from(data, 'base64').includes(PERSON.username));
    expect(names).to.deep.equal([]);
    expect(await storage.reader.countUsage(PERSON)).to.equal(0);
  } else if (operation === 'prune')
    expect(left).to.equal(records.filter(({ date }) => date.getTime() >= cutOf(startMs)).length);
  else expect(left).to.equal(records.length + Number(operation === 'refold'));
}
