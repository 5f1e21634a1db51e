import type { UsageRecord } from '../../record/usage-record.js';
import type { StoreResult } from '../../storage/usage-storage.js';

/** How records get into the table of one dialect. */
export interface SqlWriter {
  /** As `UsageStorage.store`. */
  write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult>;

  /** Gives back what it holds beside the connection. Nothing is being written. */
  close?(): Promise<void>;
}
