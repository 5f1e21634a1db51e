import type { UsageRecord } from '../record/usage-record.js';

/** Where finished records go. Nothing here may throw, wait or do I/O: requests and the making of records call it. */
export interface RecordSink {
  /** Takes a record. */
  accept(record: UsageRecord): void;
  /** Learns of a failure that cost no record, such as one of an option's callback. */
  fault(what: string, error: unknown): void;
  /** Learns that a record could not be made. */
  lost(what: string, error: unknown): void;
  /** Learns of a mistake in the application's configuration. */
  warn(kind: string, message: string): void;
}
