import type { TrackUsageOptions } from '../../../src/index.js';
import type { TrackerStats } from '../../../src/pipeline/telling/accounting.js';
import type { ChildMood } from './keyed-storage.js';

/** How a child process is to be. */
export interface ChildConfig {
  /** The file that its storage writes. */
  readonly database: string;
  readonly mood?: ChildMood;
  /** Where it notes what is safe, with a synchronous write every few milliseconds. */
  readonly report?: string;
  readonly tracker?: Pick<TrackUsageOptions, 'spool' | 'queue' | 'batch' | 'retry' | 'handleSignals'>;
  /** Trackers of the process, which take the requests in turn; each has a storage of its own. @default 1 */
  readonly trackers?: number;
  /** How the application itself listens for SIGTERM; it ends by itself with the exit code 7. */
  readonly listens?: 'on' | 'once';
  /** Every write to a file takes so long, in milliseconds. */
  readonly writeDelayMs?: number;
  /** Writes to a file are late and say so; the second stops short of its last bytes, and never ends. */
  readonly tearsWrites?: boolean;
  /** The user and group that it becomes. */
  readonly userId?: number;
  /** Whether signals end its server as well, which is made after its trackers. */
  readonly endsServer?: boolean;
}

/** What a child process tells of itself. */
export interface ChildLook {
  /** Of the first tracker. */
  readonly stats: TrackerStats;
  /** By all trackers. */
  readonly accepted: number;
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

/** How a script is to end. */
export interface EndingConfig {
  readonly database: string;
  readonly mood: ChildMood;
  /** Requests that it serves first. */
  readonly requests: number;
  readonly how: 'end' | 'exit' | 'throw';
  /** Has SqlStorage of its own store, which nobody closes, rather than a storage with a mood. */
  readonly client?: 'SQLite' | 'libSQL';
  readonly tracker?: ChildConfig['tracker'];
  readonly trackers?: number;
}

/** What a script says when it ends. */
export interface EndingReport {
  /** How often each storage was asked to store. */
  readonly attempts: readonly number[];
  /** How often the event loop ran dry. */
  readonly runs: number;
  readonly stats: TrackerStats;
}
