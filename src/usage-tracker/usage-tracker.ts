import type { Token } from 'typedi';
import type { LocatorStats } from '../capture/client/location/address-locator.js';
import type { Incomplete } from '../capture/making/late-details.js';
import type { SkipCounts } from '../capture/making/gate.js';
import type { Inventory } from '../endpoint/inventory.js';
import type { ListedRoute } from '../endpoint/route-list.js';
import type { CloseOptions } from '../options/closing-options.js';
import type { Health, TrackerStats } from '../pipeline/telling/accounting.js';
import type { TrackerEventMap, TrackerEventName } from '../pipeline/telling/events.js';
import type { CloseResult } from '../pipeline/pipeline.js';
import type { RetentionStats } from '../pipeline/retention/retention.js';
import type { ErasureReport, UsagePerson } from '../storage/usage-person.js';
import type { UsageRecord } from '../record/usage-record.js';
import type { RebuildProgress } from '../summary/rebuild.js';
import type { FolderStats } from '../summary/folder.js';
import { sharedToken } from '../storage/tokens.js';

/** What became of the tracked requests so far. */
export interface UsageStats extends TrackerStats {
  /** Tracked requests that were not recorded, as configured; they are in none of the other figures. */
  readonly skipped: SkipCounts;
  /** Records that went without a user name, a location, a visitor or data of `track` that they would have. */
  readonly incomplete: Incomplete;
  /** What became of the addresses whose location was looked up; null without the option `geo`. */
  readonly geo: LocatorStats | null;
  /** What became of the records that were too old; null while all are kept until somebody deletes them. */
  readonly retention: RetentionStats | null;
  /** What became of the folding of records into summaries, a storage each; empty with `summaries: false`. */
  readonly summaries: readonly FolderStats[];
}

/** What is summed up again. */
export interface RebuildOptions {
  /** The earliest date, inclusive: a `Date` or ISO 8601 text; its whole day is summed up. @default the first record */
  readonly from?: Date | string | undefined;
  /** The end, exclusive: a `Date` or ISO 8601 text; the whole day before it is summed up. @default now */
  readonly to?: Date | string | undefined;
  /** Learns how far it has come, a storage after the other. */
  readonly onProgress?: ((progress: RebuildProgress & { readonly storage: string }) => void) | undefined;
}

/** The handle of a tracker: what became of the records, and how to end it. TypeDI hands it out by `TrackerToken`. */
export interface UsageTracker {
  /** What became of the records so far. */
  stats(): UsageStats;
  /**
   * How the tracker does, for the application's own health end point: `failing` while there is no storage, or records
   * were dropped within the last minute, `degraded` while a storage fails and its records wait, or old ones cannot be
   * deleted, or records cannot be folded into summaries, or the register of endpoints cannot be written, or once controllers have answered whose actions are not known, else `ok`.
   */
  health(): Health;
  /**
   * Lists the actions that routing-controllers has registered, each with what is recorded of it: data for
   * `JSON.stringify`, or for `renderInventory`. Ask after `useKoaServer`.
   */
  inventory(): Inventory;
  /**
   * Lists the routes that this build declares, as the register of endpoints has them: of actions, and plain ones with `tracked()` or
   * `untracked()`. Those of an application that is mounted in another are among them from its first request on.
   */
  routes(): readonly ListedRoute[];
  /**
   * Stores the records that are queued now, without waiting for a full batch.
   *
   * @returns a promise that resolves when they are stored or dropped, or when a storage's attempt has failed; the
   *   storage's records then stay queued. The promise never rejects
   */
  flush(): Promise<void>;
  /**
   * Deletes what the option `retention` says is too old, now rather than within the hour: days are folded and sealed first.
   *
   * @returns what was deleted since the start; null without the option
   * @throws {TrackUsageError} the error of a storage
   */
  prune(): Promise<RetentionStats | null>;
  /**
   * Sums up again what is there of a span of time: for records from before summaries, or a dimension added later. It marks the days that have
   * records, and folds them; another process may fold them too, and goes on after a crash.
   *
   * @returns how many days there are, over all storages
   * @throws {TrackUsageError} `INVALID_QUERY` if a date cannot be used; the error of a storage
   */
  rebuildSummaries(options?: RebuildOptions): Promise<RebuildProgress>;
  /**
   * Reads all records of a person, newest first, of every storage that can be read.
   *
   * @throws {TrackUsageError} `INVALID_QUERY` at once if it does not say whom
   */
  exportUser(person: UsagePerson): AsyncIterableIterator<UsageRecord>;
  /**
   * Erases a person from every storage: records, and rows of summaries that name the person. What is queued is stored first; records in the
   * spool of a storage that is away are stored later, and have to be erased again then.
   *
   * @returns a report for each storage: what was deleted, and which totals still count the person's requests
   * @throws {TrackUsageError} `INVALID_QUERY` if it does not say whom; the error of a storage
   */
  eraseUser(person: UsagePerson): Promise<readonly ErasureReport[]>;
  /**
   * Ends the server, if one is given; waits for what is still being learned of its requests, such as who called; stores what
   * is queued; and closes the storages that no other tracker uses. The first two steps may each take half of the time that
   * is left. A request that comes afterwards is still served, and counted as `late`. A second call returns the first
   * one's answer.
   *
   * @returns how many records were stored, spooled and dropped since the start
   * @throws {TrackUsageError} `INVALID_OPTION` if `server` is none, or `timeoutMs` is not an integer within bounds
   */
  close(options?: CloseOptions): Promise<CloseResult>;
  /**
   * Calls the listener on every event of this name.
   *
   * @throws {TrackUsageError} `INVALID_OPTION` if there is no such event, or the listener is not a function
   */
  on<Name extends TrackerEventName>(name: Name, listener: (...payload: TrackerEventMap[Name]) => void): this;
  /** Removes a listener. */
  off<Name extends TrackerEventName>(name: Name, listener: (...payload: TrackerEventMap[Name]) => void): this;
}

/**
 * The TypeDI token of the tracker, from `trackUsage` on and until the tracker is closed. Of several trackers,
 * the token holds the one that was made first.
 *
 * ```ts
 * constructor(@Inject(TrackerToken) private readonly tracker: UsageTracker) {}
 * ```
 */
export const TrackerToken: Token<UsageTracker> = sharedToken('TrackerToken');
