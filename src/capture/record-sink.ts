import type { UsageRecord } from '../record/usage-record.js';

/** Where finished records go. Nothing here may throw, wait or do I/O: it is called while responses close. */
export interface RecordSink {
  /** Takes a record. */
  accept(record: UsageRecord): void;
  /** Learns that something failed that cost no record, such as an option's callback. */
  fault(what: string, error: unknown): void;
  /** Learns that a record could not be made. */
  lost(what: string, error: unknown): void;
  /** Learns that something is set up as it should not be. */
  warn(kind: string, message: string): void;
}
