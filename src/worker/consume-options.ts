import { AttemptOptions, BatchOptions } from '../options/delivery-options.js';
import { RetentionOptions, type RetentionSettings } from '../options/retention-options.js';
import { type SummariesSettings, summaries } from '../options/summaries-options.js';
import { type UsageLogger, clock, logger } from '../options/surroundings.js';
import { type Settings, boolean, group, isText, readOptions, text } from '../option-reader.js';
import type { Clock } from '../time/clock.js';

/** How a worker hands records to its storage: what of its options a configuration of the command line has too. */
export class WorkOptions {
  /** The name that workers have in common who share a stream: each gets other messages. @default 'koa-track-usage' */
  readonly consumer? = text({
    default: 'koa-track-usage',
    expected: 'a name without spaces, dots, *, > and slashes',
    accepts: (value) => isText(value) && /^[^\s.*>/\\\p{Cc}]{1,255}$/u.test(value),
  });
  /** When and how much is handed to the storage. */
  readonly batch? = group(BatchOptions);
  /** How long the storage is waited for, and how long the pauses between attempts are. No record is dropped for its age: it is safe in the stream. */
  readonly retry? = group(AttemptOptions);
  /** Whether the figures are metrics of OpenTelemetry, where `@opentelemetry/api` is installed. @default true */
  readonly metrics? = boolean(true);
}

/** The options of `consumeUsage`. All of them may be left out. */
export class ConsumeOptions extends WorkOptions {
  /** How requests are summed up beside their records, as `trackUsage` has it; `false` for not at all. @default as that of `trackUsage` */
  readonly summaries? = summaries();
  /** How long records and their summaries are kept: workers delete what is older. @default until somebody deletes them */
  readonly retention? = group(RetentionOptions, null);
  /** Where losses and failures are logged. @default console */
  readonly logger? = logger();
  /** Where the time comes from; for tests. @default the machine's clocks */
  readonly clock? = clock();
}

/** The options of a worker with every default filled in. */
export type WorkSettings = Settings<
  WorkOptions,
  {
    /** What is left out is as the storage wishes. */
    readonly batch: BatchOptions;
    readonly retry: Settings<AttemptOptions>;
  }
>;

/** The options of `consumeUsage` with every default filled in. */
export interface ConsumeSettings extends WorkSettings {
  /** Null where nothing is summed up. */
  readonly summaries: SummariesSettings | null;
  /** Null where records are kept until somebody deletes them. */
  readonly retention: RetentionSettings | null;
  readonly logger: UsageLogger;
  readonly clock: Clock;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected
 */
export function resolveConsumeOptions(options: ConsumeOptions): ConsumeSettings {
  return readOptions<ConsumeOptions, ConsumeSettings>('consumeUsage', ConsumeOptions, options);
}
