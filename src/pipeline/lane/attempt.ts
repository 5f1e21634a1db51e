import type { Clock } from '../../time/clock.js';
import { orAbort } from '../../time/or-abort.js';
import { TrackUsageError } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { RefusedRecord, StoreResult, UsageStorage } from '../../storage/usage-storage.js';

/** A record that a storage refused, and why. */
export interface Refusal {
  readonly record: UsageRecord;
  readonly error: Error;
}

/** A storage's answer, checked against the batch. */
export interface AttemptResult {
  readonly stored: number;
  readonly refused: readonly Refusal[];
}

/**
 * Makes one attempt at storing a batch.
 *
 * @param abort - ends the attempt
 * @throws the error of the storage, or the reason why it is waited for no longer. An answer that comes afterwards is ignored:
 *   records have ids, and storing them again does no harm
 */
export async function attemptToStore(
  storage: UsageStorage,
  batch: readonly UsageRecord[],
  abort: AbortController,
  clock: Clock,
  timeoutMs: number,
): Promise<AttemptResult> {
  const { signal } = abort;
  const timer = clock.setTimeout(() => abort.abort(tooSlow(storage.name, timeoutMs)), timeoutMs, false);
  try {
    // An answer that is not a promise is taken as its result.
    const result = await orAbort(Promise.resolve(storage.store(batch, signal)), signal);
    return checkResult(storage.name, batch, result);
  } finally {
    clock.clearTimeout(timer);
  }
}

/** Checks that an answer accounts for every record of the batch. */
function checkResult(
  storage: string,
  batch: readonly UsageRecord[],
  result: Partial<StoreResult> | null | undefined,
): AttemptResult {
  // Each property is read once: an answer may be any object, and say something else the next time.
  const stored = result?.stored;
  const list: unknown = result?.refused;
  const answers = Array.isArray(list) ? (list as readonly RefusedRecord[]) : null;
  if (stored === batch.length && answers?.length === 0) return { stored, refused: [] };
  const errors = new Map(answers?.map(({ id, error }) => [id, error]));
  const refused = batch.flatMap((record) => {
    const error = errors.get(record.id);
    return error === undefined ? [] : [{ record, error }];
  });
  // A batch may have a record twice: a stream hands it out again where a worker was cut off.
  const ids = new Set(refused.map(({ record }) => record.id));
  if (answers !== null && stored === batch.length - refused.length && errors.size === ids.size) {
    return { stored, refused };
  }
  throw new TrackUsageError(
    'STORAGE_CONTRACT',
    `The storage '${storage}' answered { stored: ${String(stored)}, refused: ${showRefused(answers)} } to a batch of ${batch.length}; ` +
      'every record has to be counted as stored or listed as refused. Correct what its method store ' +
      'returns: until then the batch is stored again and again, which leaves one row a record only where ids are unique.',
  );
}

function showRefused(answers: readonly RefusedRecord[] | null): string {
  if (answers === null) return 'no list';
  return answers.length === 0 ? '[]' : `[${answers.length} ${answers.length === 1 ? 'record' : 'records'}]`;
}

function tooSlow(storage: string, timeoutMs: number): TrackUsageError {
  return new TrackUsageError(
    'STORAGE_TIMEOUT',
    `The storage '${storage}' did not answer within ${timeoutMs} ms (retry.attemptTimeoutMs); its batch is tried again.`,
  );
}
