/**
 * Warns the process that nothing is summed up, as there is no table for it.
 *
 * @param reason - why there is none, and what to do, in sentences
 */
export function warnOfNoSummaries(reason: string): void {
  process.emitWarning(
    'koa-track-usage: there are no summaries, so that questions are answered record by record, and no register of endpoints. ' +
      reason,
    { code: 'KOA_TRACK_USAGE_NO_SUMMARIES' },
  );
}
