import type { RetentionOptions } from '../../options/retention-options.js';
import type { SummariesOptions } from '../../options/summaries-options.js';
import type { UsageSource } from '../../storage/usage-source.js';
import type { UsageStorage } from '../../storage/usage-storage.js';
import type { WorkOptions } from '../../worker/consume-options.js';

/** What a command will do with a storage. */
export interface StorageNeed {
  /** Whether it only reads, so that the storage may be opened with `readOnly: true`. */
  readonly readOnly: boolean;
}

/** What the command line has to know of an application: where its records are, and how its trackers treat them. */
export interface CliConfig {
  /**
   * The storage, a promise of it, or a function that makes it and is told what it is for: first for reading, as a command makes nothing that
   * is not there. It is closed when the command is done.
   */
  readonly storage:
    | UsageStorage
    | PromiseLike<UsageStorage>
    | ((need: StorageNeed) => UsageStorage | PromiseLike<UsageStorage>);
  /** The option `summaries` of the application's `trackUsage`, for `rebuild`, `prune` and `work`, whose time zone has to be the one of the summaries that are there. @default as the summaries that are there */
  readonly summaries?: SummariesOptions | undefined;
  /** The option `retention` of the application's `trackUsage`, for `prune` and `work`. @default none */
  readonly retention?: RetentionOptions | undefined;
  /**
   * The stream that records come from, for `work` and `doctor`: a `JetStreamStorage`, a promise of one, or a function that makes it and is
   * told what it is for. @default none
   */
  readonly stream?:
    | UsageSource
    | PromiseLike<UsageSource>
    | ((need: StorageNeed) => UsageSource | PromiseLike<UsageSource>)
    | undefined;
  /** How `work` hands records to the storage: options of `consumeUsage`. @default its defaults */
  readonly work?: WorkOptions | undefined;
  /** The option `spool` of the application's `trackUsage`, for `doctor`. @default none */
  readonly spool?: { readonly dir: string } | undefined;
}

/**
 * Types the configuration of the command line, the default export of `koa-track-usage.config.mjs`, `.js` or `.ts`:
 *
 * ```js
 * export default defineConfig({
 *   storage: ({ readOnly }) => SqlStorage.connect({ driver: SqliteDriver, dbName: 'usage.db', readOnly }),
 * });
 * ```
 */
export function defineConfig(config: CliConfig): CliConfig {
  return config;
}
