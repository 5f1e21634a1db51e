import assert from 'node:assert/strict';
import { holdsOnce, rejectsWith } from './assertions.js';
import { makeRecord, makeRecords } from './records.js';
import { type ContractCheck, check, checkWith, ids, patience, storeAll } from './subject.js';

/** What becomes of a storage from its opening to its close. */
export const LIFE_CYCLE: readonly ContractCheck[] = [
  check('has a name for logs', async (storage) => {
    assert.match(storage.name, /^[a-z][a-z0-9-]*$/);
  }),

  check('refuses to write and to read after close, where there is something to close', async (storage) => {
    if (storage.close === undefined) return;
    await storeAll(storage, makeRecords(3));
    await storage.close();
    const uses = [
      () => storage.store([makeRecord()], patience()),
      () => storage.getUsage(),
      () => storage.getUsagePage(),
      () => storage.count(),
      async () => storage.stream(),
    ];
    for (const use of uses) {
      const { message } = await rejectsWith(use(), 'STORAGE_CLOSED');
      assert(message.includes(`'${storage.name}'`), `The error does not name the storage: ${message}`);
    }
  }),

  checkWith('reopen', 'writes nothing of what it refused after close', async (storage, reopen) => {
    if (storage.close === undefined) return;
    const record = makeRecord();
    await storeAll(storage, [record]);
    await storage.close();
    await rejectsWith(storage.store(makeRecords(3), patience()), 'STORAGE_CLOSED');
    await holdsOnce(await reopen(), [record.id]);
  }),

  check(
    'lets a stream that is under way fail with its next read, where there is something to close',
    async (storage) => {
      if (storage.close === undefined) return;
      await storeAll(storage, makeRecords(3));
      const stream = storage.stream({ batchSize: 2 });
      await stream.next();
      await storage.close();
      assert.equal((await stream.next()).done, false);
      await rejectsWith(stream.next(), 'STORAGE_CLOSED');
      assert.equal((await stream.next()).done, true);
    },
  ),

  check('may be closed twice, and twice at once', async (storage) => {
    await storeAll(storage, [makeRecord()]);
    await Promise.all([storage.close?.(), storage.close?.()]);
    await storage.close?.();
  }),

  checkWith(
    'reopen',
    'lets a write that is under way come to an end when it is closed',
    async (storage, reopen) => {
      const batch = makeRecords(500);
      const write = Promise.allSettled([storage.store(batch, patience())]);
      await storage.close?.();
      const [outcome] = await write;
      const again = await reopen();
      if (outcome.status === 'fulfilled') await holdsOnce(again, ids(batch));
      await storeAll(again, batch);
      await holdsOnce(again, ids(batch));
    },
  ),

  checkWith('reopen', 'keeps what was stored when it is opened again', async (storage, reopen) => {
    const records = makeRecords(3);
    await storeAll(storage, records);
    const again = await reopen();
    assert.deepEqual(await again.getUsage(), records.toReversed());
    const more = makeRecord({ date: new Date('2027-01-01T00:00:00Z') });
    await storeAll(again, [more, ...records]);
    assert.deepEqual(await again.getUsage(), [more, ...records.toReversed()]);
  }),
];
