import type { UsageSource } from '../../storage/usage-source.js';
import { counted } from '../../report/words.js';
import { type Finding, fault, fine, hint } from './finding.js';

/** Messages that have waited for so long are told of as a fault, in milliseconds: workers store within seconds. */
const PATIENCE_MS = 3_600_000;

/** Whether workers store what a stream holds. */
export async function checkStream(source: UsageSource, nowMs: number): Promise<Finding[]> {
  const contents = await source.contents?.();
  if (contents === undefined) return [];
  const { messages, deadLetters, oldest } = contents;
  return [checkWaiting(messages, oldest, source.name, nowMs), ...checkLetters(deadLetters, source.name)];
}

function checkWaiting(messages: number, oldest: Date | null, name: string, nowMs: number): Finding {
  if (messages === 0) return fine('Nothing waits in the stream', name);
  const what = `Records wait in the stream: ${counted(messages, 'message')}`;
  const advice = 'Where that grows, start workers (koa-track-usage work), and see the log of those that run.';
  return oldest !== null && nowMs - oldest.getTime() > PATIENCE_MS
    ? fault(`${what}, the oldest since ${oldest.toJSON()}`, name, advice)
    : hint(what, name, advice);
}

function checkLetters(count: number, name: string): Finding[] {
  if (count === 0) return [];
  const advice =
    'Look at them, mend what refuses them, and have them stored or delete them: docs/operations.md says how.';
  return [
    fault(`The stream has ${counted(count, 'dead letter')}, which no worker could store`, name, advice),
  ];
}
