import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { type StorageSubject, makeRecords, storageContract } from 'koa-track-usage/testing';
import { FileStorage } from './file-storage.js';

/** An empty storage for each check. */
async function open(): Promise<StorageSubject & { readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'own-storage-'));
  const path = join(folder, 'usage.ndjson');
  let storage = await FileStorage.open(path);
  return {
    path,
    storage,
    async reopen() {
      await storage.close();
      storage = await FileStorage.open(path);
      return storage;
    },
    async close() {
      await storage.close();
      await rm(folder, { recursive: true });
    },
  };
}

for (const { title, needs, run } of storageContract(open)) {
  // What it does not offer: a second process, records that a rule of the user's own refuses, a server with a time zone.
  const skip = needs !== null && needs !== 'reopen';
  void it(title, { skip, timeout: 30_000 }, run);
}

void it('leaves out half a line that a killed process wrote, and takes the record again', async () => {
  const subject = await open();
  const [kept, torn] = makeRecords(2);
  const signal = new AbortController().signal;
  assert(subject.reopen !== undefined && kept !== undefined && torn !== undefined);
  await subject.storage.store([kept], signal);
  await appendFile(subject.path, JSON.stringify(torn).slice(0, -10));
  const again = await subject.reopen();
  assert.deepEqual(await again.reader.getUsage(), [kept]);
  await again.store([kept, torn], signal);
  assert.deepEqual(await (await subject.reopen()).reader.getUsage(), [torn, kept]);
  await subject.close();
});

void it('says what to mend where the file cannot be written', async () => {
  await assert.rejects(FileStorage.open(join(tmpdir(), 'no', 'such', 'folder', 'usage.ndjson')), {
    name: 'TrackUsageError',
    code: 'STORAGE_SETUP',
  });
});
