import { readOptions } from '../option-reader.js';
import { RetentionOptions, type RetentionSettings } from '../options/retention-options.js';
import type { SummariesSettings } from '../options/summaries-options.js';
import type { UsageStorage } from '../storage/usage-storage.js';
import { DEFAULT_DIMENSIONS, type Dimension, dimensionOf } from '../summary/dimensions.js';
import { readManifest } from '../summary/manifest.js';
import { Folding } from '../usage-tracker/folding.js';
import type { Call } from './command.js';
import { wrongUsage } from './failure.js';
import { zoneMismatch } from './zone-mismatch.js';

/** The longest that anything can be kept. */
const LONG = { years: 10 } as const;

/** Keeps all that is there but for records that are too old, as nothing is known of what the application wants. */
export function keepingRecords(days: number): RetentionSettings {
  return readOptions<RetentionOptions, RetentionSettings>('prune', RetentionOptions, {
    records: { days },
    hours: LONG,
    days: LONG,
    callers: LONG,
  });
}

/**
 * Has summaries made as the application's trackers make them, while something is done.
 *
 * @throws {CliError} if it is not known how they are made, or the configuration has another time zone than those that are there
 */
export async function withFolding<Value>(
  { source, io }: Call,
  storage: UsageStorage,
  retention: RetentionSettings | null,
  work: (folding: Folding) => Promise<Value>,
): Promise<Value> {
  const config = await source.config();
  const summaries =
    config?.summaries === undefined ? await summariesOf(storage, io.signal) : config.summaries;
  const mismatch = await zoneMismatch(storage.summaries?.store, summaries, io.signal);
  if (mismatch !== null) throw wrongUsage(`${mismatch.what}. Nothing was changed. ${mismatch.advice}`);
  // What fails in the background fails when it is asked for as well.
  const nobody = { warn: (): void => {}, fault: (): void => {} };
  const settings = { summaries, clock: io.clock, retention: retention ?? keepingRecords(1) };
  const folding = new Folding(settings, nobody);
  folding.open([storage]);
  try {
    return await work(folding);
  } finally {
    await folding.close();
  }
}

/** How summaries were made that are there. */
async function summariesOf(
  { name, summaries }: UsageStorage,
  signal: AbortSignal,
): Promise<SummariesSettings> {
  const manifest = summaries ? await readManifest(summaries.store, signal) : null;
  const names = manifest?.units.at(-1)?.dimensions ?? DEFAULT_DIMENSIONS;
  const dimensions = names.map((dimension): Dimension => {
    const known = dimensionOf(dimension);
    if (known !== undefined) return known;
    throw wrongUsage(
      `The storage '${name}' has summaries by '${dimension}', which the application defines: give --config with a file that ` +
        "exports defineConfig({ storage, summaries }), with the option 'summaries' of its trackUsage.",
    );
  });
  return { timeZone: manifest?.timeZone ?? 'UTC', dimensions };
}
