import { randomBytes } from 'node:crypto';
import type { SaltKeeper } from '../../src/capture/client/visitor/daily-salts.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { SaltStore } from '../../src/storage/salt-store.js';
import type { StoreResult } from '../../src/storage/usage-storage.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';

/** A day that has a salt, as stores of salts are told it. */
export const DAY = '2026-03-01';

/** A salt that is proposed for a day. */
export const PROPOSAL = randomBytes(32).toString('hex');

/** Salts in memory that remember what they were asked, and do as they are told. */
export class KeeperOfSalts implements SaltKeeper, SaltStore {
  readonly kept = new Map<string, string>();
  readonly claims: string[] = [];
  readonly proposals: string[] = [];
  readonly deletions: string[] = [];
  mood: 'keep' | 'hang' | 'reject' | 'throw' | 'tell' | 'garbage' = 'keep';
  deletes = true;

  claim(day: string, proposal: string): Promise<string> {
    this.claims.push(day);
    this.proposals.push(proposal);
    switch (this.mood) {
      case 'hang':
        return new Promise(() => {});
      case 'reject':
        return Promise.reject(new Error('out of order'));
      case 'tell':
        return Promise.reject(new Error(`cannot keep ${proposal}`));
      case 'throw':
        throw new Error('out of order');
      case 'garbage':
        return Promise.resolve(proposal.slice(1));
      default: {
        const salt = this.kept.get(day) ?? proposal;
        this.kept.set(day, salt);
        return Promise.resolve(salt);
      }
    }
  }

  async deleteBefore(day: string): Promise<number> {
    this.deletions.push(day);
    if (!this.deletes) throw new Error('not now');
    const old = [...this.kept.keys()].filter((known) => known < day);
    for (const gone of old) this.kept.delete(gone);
    return old.length;
  }
}

/** A storage whose salts do as they are told. */
export class SaltyStorage extends MemoryStorage {
  override readonly salts = new KeeperOfSalts();

  override store(batch: readonly UsageRecord[], signal?: AbortSignal): Promise<StoreResult> {
    return super.store(batch, signal);
  }
}
