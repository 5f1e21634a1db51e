import assert from 'node:assert/strict';
import type { SummaryReader } from '../../storage/usage-summary.js';
import { holdsOnce, refusesAsClosed, rejectsWith } from './assertions.js';
import { makeRecord, makeRecords } from './records.js';
import { patience, storeAll } from './steps.js';
import { type ContractCheck, check, checkWith } from './subject.js';

/** What becomes of a storage from its opening to its close. */
export const LIFE_CYCLE: readonly ContractCheck[] = [
  check('has a name for logs', async (storage) => {
    assert.match(storage.name, /^[a-z][a-z0-9-]*$/);
  }),

  check('refuses to write after close, where there is something to close', async (storage) => {
    if (storage.close === undefined) return;
    await storage.close();
    await refusesAsClosed(storage, storage.store([makeRecord()], patience()));
  }),

  check('refuses to read after close, or reads on where the connection is not its own', async (storage) => {
    if (storage.close === undefined) return;
    const record = makeRecord();
    await storeAll(storage, [record]);
    await storage.close();
    const { reader } = storage;
    const [first, ...answers] = await Promise.allSettled([
      reader.getUsage(),
      reader.getUsagePage(),
      reader.countUsage(),
      Promise.resolve().then(() => reader.streamUsage().next()),
    ]);
    if (first.status === 'fulfilled') assert.deepEqual(first.value, [record]);
    else await refusesAsClosed(storage, reader.getUsage());
    for (const { status } of answers) assert.equal(status, first.status);
  }),

  check('refuses to read summaries and register after close, where it refuses to read', async (storage) => {
    if (storage.close === undefined) return;
    const { reader, register } = storage;
    const reads = [
      ...('getSummary' in reader ? [() => (reader as SummaryReader).getSummary({ by: 'endpoint' })] : []),
      ...(register ? [() => register.find({ kinds: ['build'] }, patience())] : []),
    ];
    await storeAll(storage, [makeRecord()]);
    for (const read of reads) await read();
    await storage.close();
    const [read] = await Promise.allSettled([reader.getUsage()]);
    if (read.status === 'fulfilled') return;
    for (const one of reads) await rejectsWith(one(), 'STORAGE_CLOSED');
  }),

  checkWith('reopen', 'writes nothing of what it refused after close', async (storage, reopen) => {
    if (storage.close === undefined) return;
    const record = makeRecord();
    await storeAll(storage, [record]);
    await storage.close();
    await refusesAsClosed(storage, storage.store(makeRecords(3), patience()));
    await holdsOnce(await reopen(), [record]);
  }),

  check('lets a stream that is under way fail with its next read, or go on', async (storage) => {
    const records = makeRecords(3);
    await storeAll(storage, records);
    const stream = storage.reader.streamUsage({ batchSize: 2 });
    await stream.next();
    await storage.close?.();
    assert.equal((await stream.next()).done, false);
    const next = stream.next();
    const [outcome] = await Promise.allSettled([next]);
    if (outcome.status === 'fulfilled') assert.deepEqual(outcome.value.value, records[0]);
    else await refusesAsClosed(storage, next);
    assert.equal((await stream.next()).done, true);
  }),

  check('may be closed twice, and twice at once', async (storage) => {
    await storeAll(storage, [makeRecord()]);
    await Promise.all([storage.close?.(), storage.close?.()]);
    await storage.close?.();
  }),

  checkWith('reopen', 'lets a write that is under way end when it is closed', async (storage, reopen) => {
    const batch = makeRecords(500);
    const write = Promise.allSettled([storage.store(batch, patience())]);
    await storage.close?.();
    const [outcome] = await write;
    const again = await reopen();
    if (outcome.status === 'fulfilled') await holdsOnce(again, batch);
    await storeAll(again, batch);
    await holdsOnce(again, batch);
  }),

  checkWith('reopen', 'keeps what was stored when it is opened again', async (storage, reopen) => {
    const records = makeRecords(3);
    await storeAll(storage, records);
    const again = await reopen();
    assert.deepEqual(await again.reader.getUsage(), records.toReversed());
    const more = makeRecord({ date: new Date('2027-01-01T00:00:00Z') });
    await storeAll(again, [more, ...records]);
    assert.deepEqual(await again.reader.getUsage(), [more, ...records.toReversed()]);
  }),
];
