import type { UsageRecord } from 'koa-track-usage';
import type { ReadableUsageStorage } from 'koa-track-usage/storage';

/** One way to keep records and to read them: ours, or what somebody would write by hand. */
export interface Store {
  /** Writes records, and resolves when they are committed. */
  write(batch: readonly UsageRecord[]): Promise<void>;
  /** Reads the newest records. */
  read(limit: number): Promise<readonly UsageRecord[]>;
  close(): Promise<void>;
}

/** A database that is written to and read from in both ways. */
export interface Engine {
  readonly title: string;
  /** Records a batch. */
  readonly batchRecords: number;
  /** The fastest code that can be written by hand, as the results call it. */
  readonly rivalTitle: string;
  /** Opens a table of its own through this library. */
  connect(): Promise<ReadableUsageStorage>;
  /** Has the database look at what is in the table, as servers do by themselves within a minute; left out where none does. */
  analyze?(storage: ReadableUsageStorage): Promise<void>;
  /** Opens a table of its own, made alike, with hand-written code. */
  openRival(): Promise<Store>;
}
