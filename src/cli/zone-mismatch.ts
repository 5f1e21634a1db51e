import type { SummariesSettings } from '../options/summaries-options.js';
import type { SummaryStore } from '../storage/summary-store.js';
import { readManifest } from '../summary/manifest.js';

/**
 * Whether a configuration has another time zone than the summaries that are there. Only a tracker may change it, as the trackers that
 * run would change it back.
 *
 * @returns null if both agree, or there is nothing to compare
 */
export async function zoneMismatch(
  store: SummaryStore | undefined,
  configured: Pick<SummariesSettings, 'timeZone'> | null,
  signal: AbortSignal,
): Promise<{ readonly what: string; readonly advice: string } | null> {
  const manifest = store && configured ? await readManifest(store, signal) : null;
  if (!manifest || !configured || manifest.timeZone === configured.timeZone) return null;
  return {
    what: `The summaries are in the time zone '${manifest.timeZone}', and the configuration has '${configured.timeZone}'`,
    advice: "Set summaries.timeZone of the configuration to that of the application's trackUsage.",
  };
}
