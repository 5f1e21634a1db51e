import type { Clock } from '../../time/clock.js';
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

/** One attempt at storing a batch. */
export class Attempt {
  readonly #storage: UsageStorage;
  readonly #records: readonly UsageRecord[];
  readonly #abort = new AbortController();

  constructor(storage: UsageStorage, records: readonly UsageRecord[]) {
    this.#storage = storage;
    this.#records = records;
  }

  /**
   * Hands the batch to the storage.
   *
   * @throws what the storage threw, or why it is not waited for any longer. A later answer is ignored: records
   *   have ids, and storing them again does no harm
   */
  async run(clock: Clock, timeoutMs: number): Promise<AttemptResult> {
    const { signal } = this.#abort;
    const timer = clock.setTimeout(() => this.end(tooSlow(this.#storage.name, timeoutMs)), timeoutMs, false);
    try {
      const result = await new Promise<StoreResult>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        // What is thrown instead of rejected is caught here, and what is not a promise is taken as its result.
        void Promise.resolve(this.#storage.store(this.#records, signal)).then(resolve, reject);
      });
      return checkResult(this.#storage.name, this.#records, result);
    } finally {
      clock.clearTimeout(timer);
    }
  }

  /** Waits no longer. */
  end(reason: Error): void {
    this.#abort.abort(reason);
  }
}

/** Refuses an answer that does not account for every record of the batch. */
function checkResult(
  storage: string,
  batch: readonly UsageRecord[],
  result: Partial<StoreResult> | null | undefined,
): AttemptResult {
  // Each is read once, as an answer may be anything, and say something else the next time.
  const stored = result?.stored;
  const list: unknown = result?.refused;
  const answers = Array.isArray(list) ? (list as readonly RefusedRecord[]) : null;
  if (stored === batch.length && answers?.length === 0) return { stored, refused: [] };
  const errors = new Map(answers?.map(({ id, error }) => [id, error]));
  const refused = batch.flatMap((record) => {
    const error = errors.get(record.id);
    return error === undefined ? [] : [{ record, error }];
  });
  if (answers !== null && stored === batch.length - refused.length && errors.size === refused.length) {
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
    'STORAGE_UNAVAILABLE',
    `The storage '${storage}' did not answer within ${timeoutMs} ms (retry.attemptTimeoutMs); its batch is tried again.`,
  );
}
