import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import type { SaltStore } from '../../storage/salt-store.js';
import type { ReadableUsageStorage } from '../../storage/usage-storage.js';
import { refusesAsClosed, rejection } from './assertions.js';
import { impatience, insist, isLater, patience } from './steps.js';
import { type ContractCheck, check, checkWith } from './subject.js';

const CLAIMANTS = 6;

/** A check of the salts that a storage keeps; a storage without salts passes. */
function checkSalts(
  title: string,
  body: (salts: SaltStore, storage: ReadableUsageStorage) => Promise<void>,
): ContractCheck {
  return check(title, async (storage) => {
    if (storage.salts !== undefined) await body(storage.salts, storage);
  });
}

/** A salt as the tracker proposes it. */
function proposal(): string {
  return randomBytes(32).toString('hex');
}

/** A day that no other check has a salt of. */
function anyDay(): string {
  const day = new Date(Date.UTC(2000, 0, 1) + randomInt(1_000_000) * 86_400_000);
  return day.toISOString().slice(0, 10);
}

/** Claims a day's salt. «Later» is an answer, as of a file that another process writes to. */
async function claim({ salts }: ReadableUsageStorage, day: string, proposed = proposal()): Promise<string> {
  assert(salts !== undefined, 'It has salts, and then it has none.');
  return insist(() => salts.claim(day, proposed, patience()), isLater);
}

/** Asserts that all claimants are told one salt, which is one of their own. */
async function race(claimants: readonly ReadableUsageStorage[]): Promise<void> {
  const day = anyDay();
  const proposals = claimants.map(proposal);
  const told = await Promise.all(claimants.map((storage, index) => claim(storage, day, proposals[index])));
  assert.equal(new Set(told).size, 1, 'They were told different salts.');
  assert(proposals.includes(String(told[0])), 'They were told a salt that none of them proposed.');
  for (const storage of claimants) assert.equal(await claim(storage, day), told[0]);
}

/** How the salts of days are kept, by storages that keep any. */
export const SALTS: readonly ContractCheck[] = [
  checkSalts('keep what is proposed first, and tell it to all who ask again', async (_salts, storage) => {
    const [day, first] = [anyDay(), proposal()];
    assert.equal(await claim(storage, day, first), first);
    assert.equal(await claim(storage, day), first);
    assert.equal(await claim(storage, day, first), first);
  }),

  checkSalts('are one a day', async (_salts, storage) => {
    const days = ['2026-02-28', '2026-03-01', '2024-02-29', '9999-12-31', '2026-03-02'];
    for (const day of days) await claim(storage, day, proposal());
    const kept = await Promise.all(days.map((day) => claim(storage, day)));
    assert.equal(new Set(kept).size, days.length);
  }),

  checkSalts(`are the same for ${CLAIMANTS} who ask at once`, async (_salts, storage) => {
    await race(Array.from({ length: CLAIMANTS }, () => storage));
  }),

  checkWith(
    'openAnother',
    `are the same for ${CLAIMANTS} processes at once`,
    async (storage, openAnother) => {
      if (storage.salts === undefined) return;
      const claimants = [storage];
      while (claimants.length < CLAIMANTS) claimants.push(await openAnother());
      await race(claimants);
    },
  ),

  checkWith('reopen', 'outlive the process', async (storage, reopen) => {
    if (storage.salts === undefined) return;
    const day = anyDay();
    const kept = await claim(storage, day);
    assert.equal(await claim(await reopen(), day), kept);
  }),

  checkSalts('are deleted before a day, and no others', async (salts, storage) => {
    await salts.deleteBefore('9999-12-31', patience());
    const days = ['2025-12-31', '2026-01-01', '2026-01-02', '2026-01-03'];
    const kept = new Map<string, string>();
    for (const day of days) kept.set(day, await claim(storage, day));
    assert.equal(await salts.deleteBefore('2026-01-02', patience()), 2);
    assert.equal(await salts.deleteBefore('2026-01-02', patience()), 0);
    for (const day of days) {
      assert.equal((await claim(storage, day)) === kept.get(day), day >= '2026-01-02', day);
    }
  }),

  checkSalts('can be deleted where there are none', async (salts) => {
    await salts.deleteBefore('9999-12-31', patience());
    assert.equal(await salts.deleteBefore('9999-12-31', patience()), 0);
  }),

  checkSalts('are not kept for somebody who has stopped waiting', async (salts, storage) => {
    const [day, unwanted] = [anyDay(), proposal()];
    await rejection(salts.claim(day, unwanted, impatience()));
    await rejection(salts.deleteBefore(day, impatience()));
    assert.notEqual(await claim(storage, day), unwanted);
  }),

  checkSalts('are no records', async (_salts, storage) => {
    await claim(storage, anyDay());
    assert.equal(await storage.reader.countUsage(), 0);
    assert.deepEqual(await storage.reader.getUsage(), []);
  }),

  checkSalts('are refused after close, where there is something to close', async (salts, storage) => {
    if (storage.close === undefined) return;
    await claim(storage, anyDay());
    await storage.close();
    await refusesAsClosed(storage, salts.claim(anyDay(), proposal(), patience()));
    await refusesAsClosed(storage, salts.deleteBefore(anyDay(), patience()));
  }),
];
