import type { UsageRecord } from '../record/usage-record.js';

/** Where finished records go. Nothing here may throw, wait or do I/O: it is called while responses close. */
export interface RecordSink {
  /** Takes a record. */
  accept(record: UsageRecord): void;
  /** Learns that a record could not be made, or that an option's callback threw while one was made. */
  fault(what: string, error: unknown, recordLost: boolean): void;
}
