import { encodeCursor } from '../../src/storage/usage-cursor.js';
import { resolveUsagePageQuery, scopeOf } from '../../src/storage/usage-query.js';
import type { UsageReader } from 'koa-track-usage/storage';
import type { Span } from '../harness/folding.js';

/**
 * The cursor that the last page begins with, without a walk through those before it.
 *
 * @param records - how many there are, evenly spread over the span
 * @param limit - the records of a page, 4,000 at most
 */
export async function lastCursor(
  reader: UsageReader,
  { startMs, endMs }: Span,
  records: number,
  limit: number,
): Promise<string> {
  const endDate = new Date(startMs + ((endMs - startMs) / records) * limit * 2);
  const last = (await reader.getUsage({ endDate, limit: limit * 2.5 })).at(-limit - 1);
  if (last === undefined) throw new Error('There are too few records.');
  return encodeCursor(last, scopeOf(resolveUsagePageQuery()));
}
