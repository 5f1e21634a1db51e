import type { TrackUsageOptions } from '../../../src/index.js';
import type { TrackerStats } from '../../../src/pipeline/pipeline.js';
import type { ChildMood } from './keyed-storage.js';

/** How a child process is to be. */
export interface ChildConfig {
  /** The file that its storage writes. */
  readonly database: string;
  readonly mood?: ChildMood;
  /** Where it notes what is safe, with a synchronous write every few milliseconds. */
  readonly report?: string;
  readonly tracker?: Pick<TrackUsageOptions, 'spool' | 'queue' | 'batch' | 'retry' | 'handleSignals'>;
  /** Trackers of the process; each has its own storage on the one file. @default 1 */
  readonly trackers?: number;
  /** How the application itself listens for SIGTERM; it ends by itself with the exit code 7. */
  readonly listens?: 'on' | 'once';
  /** The host name that the operating system is said to have. */
  readonly hostname?: string;
  /** Every write to a file takes so long, in milliseconds. */
  readonly writeDelayMs?: number;
  /** The user and group that it becomes. */
  readonly userId?: number;
}

/** What a child process tells of itself. */
export interface ChildLook {
  readonly stats: TrackerStats;
  readonly health: string;
  readonly lines: readonly string[];
  readonly attempts: number;
  readonly drops: readonly { reason: string; count: number; records: number; code: string | null }[];
  readonly errors: readonly { storage: string; code: string | null }[];
}

/** One line of the report: the paths of the records handed over since the last line, and how many are not safe. */
export interface ReportLine {
  readonly paths: readonly string[];
  readonly stored: number;
  readonly spooled: number;
  readonly queued: number;
  readonly inFlight: number;
}
