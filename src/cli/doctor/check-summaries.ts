import type { UsageReader } from '../../storage/usage-reader.js';
import type { SummaryStore } from '../../storage/summary-store.js';
import type { SummariesSettings } from '../../options/summaries-options.js';
import { type Mark, foldedUntilMs, isPast, look } from '../../summary/manifest.js';
import { zoneMismatch } from '../zone-mismatch.js';
import { type Finding, fault, fine, hint } from './finding.js';

/** Records that wait for so long to be summed up are told of, in milliseconds: some minutes are usual. */
const PATIENCE_MS = 3_600_000;

/** Whether records are summed up in time. */
export async function checkFolding(
  store: SummaryStore,
  reader: UsageReader,
  nowMs: number,
  signal: AbortSignal,
): Promise<Finding> {
  const { marks, manifest } = await look(store, signal);
  const [newest] = await reader.getUsage({ limit: 1 });
  if (newest === undefined) return fine('There are no records that could be summed up');
  if (manifest === null && marks.length === 0)
    return hint(
      'Nothing is summed up: every report goes through all records',
      null,
      'Let a tracker run without summaries: false; npx koa-track-usage rebuild sums up what is there already.',
    );
  const late = marks.filter(({ sinceMs }) => nowMs - sinceMs > PATIENCE_MS);
  const waiting = late.filter((mark) => !mark.isWriting || isPast(mark, nowMs));
  const until = `until ${new Date(foldedUntilMs(marks, nowMs)).toJSON()}`;
  if (late.length === 0) return fine(`Records are summed up in time, ${until}`);
  if (waiting.length === 0)
    return hint(
      `Records are summed up ${until}, as slices of five minutes are open since ${sinceOf(late)}`,
      null,
      'A process was killed, closed or cut off while it stored or deleted records of them, or still tries to. Their records are counted ' +
        'one by one; they are summed up when that process has succeeded, or a day after its last attempt.',
    );
  const isAlive = nowMs - newest.date.getTime() < PATIENCE_MS;
  const what = `Records wait to be summed up since ${sinceOf(waiting)}`;
  return isAlive
    ? fault(
        what,
        null,
        "See the application's log, which says why folding fails; tracker.stats().summaries does too.",
      )
    : hint(what, null, 'No tracker runs. The next one does it, and so does npx koa-track-usage rebuild.');
}

/** Whether the configuration has the time zone of the summaries. */
export async function checkZone(
  store: SummaryStore,
  configured: SummariesSettings | null,
  signal: AbortSignal,
): Promise<Finding[]> {
  const mismatch = await zoneMismatch(store, configured, signal);
  return mismatch === null ? [] : [fault(mismatch.what, null, mismatch.advice)];
}

function sinceOf(marks: readonly Mark[]): string {
  return new Date(Math.min(...marks.map(({ sinceMs }) => sinceMs))).toJSON();
}
