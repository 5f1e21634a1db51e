import { DatabaseSync } from 'node:sqlite';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import type { StoreResult, UsageStorage } from '../../../src/storage/usage-storage.js';

/** What the storage of a child process does with the next batches. */
export type ChildMood = 'store' | 'slow' | 'reject' | 'hang' | 'commit-and-hang' | 'begin-and-hang';

/** A storage in a SQLite file that does as it is told, with the record's id as the key. */
export class KeyedStorage implements UsageStorage {
  readonly name = 'keyed';
  mood: ChildMood;
  attempts = 0;
  /** Called when a batch is in the middle of being stored. */
  onMiddle: () => void = () => {};
  readonly #database: DatabaseSync;

  constructor(file: string, mood: ChildMood) {
    this.mood = mood;
    this.#database = new DatabaseSync(file);
    this.#database.exec('PRAGMA busy_timeout = 5000');
    this.#database.exec('PRAGMA journal_mode = WAL');
    this.#database.exec('PRAGMA synchronous = OFF');
    this.#database.exec('PRAGMA wal_autocheckpoint = 8');
    this.#database.exec('CREATE TABLE IF NOT EXISTS usage (id TEXT PRIMARY KEY, path TEXT NOT NULL)');
  }

  async store(batch: readonly UsageRecord[]): Promise<StoreResult> {
    this.attempts += 1;
    if (this.mood === 'reject') throw new Error('out of order');
    if (this.mood === 'hang') await this.#hang();
    if (this.mood === 'slow') await new Promise((resolve) => setTimeout(resolve, 20));
    this.#database.exec('BEGIN IMMEDIATE');
    const insert = this.#database.prepare(
      'INSERT INTO usage (id, path) VALUES (?, ?) ON CONFLICT DO NOTHING',
    );
    for (const { id, path } of batch) insert.run(id, path);
    if (this.mood === 'begin-and-hang') await this.#hang();
    this.#database.exec('COMMIT');
    if (this.mood === 'commit-and-hang') await this.#hang();
    return { stored: batch.length, refused: [] };
  }

  #hang(): Promise<never> {
    this.onMiddle();
    return new Promise(() => {});
  }
}
