import { deletionClock } from '../../pipeline/retention/deletion-clock.js';
import type { RetentionSettings } from '../../options/retention-options.js';
import { type DeletingUsageStorage, canDelete } from '../../storage/usage-storage.js';
import type { Folding } from '../../usage-tracker/folding.js';
import type { Call, Command } from '../command.js';
import { CONFIRM_OPTIONS, confirm } from '../confirm.js';
import { CliError, EXIT, wrongUsage } from '../failure.js';
import { keepingRecords, withFolding } from '../folding.js';
import { withProgress } from '../progress.js';

/** Records that are deleted at once. */
const CHUNK_RECORDS = 1000;

const MOST_DAYS = 3660;

/** Deletes what is too old. */
export const pruneCommand: Command = {
  name: 'prune',
  summary: 'Deletes records that are too old, once summaries tell of them.',
  details: [
    "With a configuration that has the option 'retention' of trackUsage, it does what the trackers do every hour. With --keep-days, it " +
      'deletes records alone, and no summaries; then it asks first. It makes no table.',
  ],
  options: {
    'keep-days': { value: 'N', about: 'Keeps the records of so many days, whatever the configuration says.' },
    ...CONFIRM_OPTIONS,
  },
  examples: ['prune', 'prune --keep-days 90 --database sqlite:usage.db --yes'],
  async run(call) {
    const { values, io, out, err, source } = call;
    const days = values.integer('keep-days', 1, MOST_DAYS);
    const retention = days === undefined ? await configuredRetention(call) : keepingRecords(days);
    const storage = await source.storage('write');
    if (!canDelete(storage))
      throw new CliError(EXIT.usage, `The storage '${storage.name}' cannot delete old records.`);
    if (days !== undefined)
      await confirm(
        call,
        `Records that are older than ${days} days will be deleted from the storage '${storage.name}'.`,
      );
    const pruning = new Pruning(storage, retention, call);
    await withProgress(
      err,
      io.clock,
      () => `Deleting: ${pruning.deleted} records so far`,
      () => withFolding(call, storage, retention, (folding) => pruning.run(folding)),
    );
    await out.write(`Deleted ${pruning.deleted} ${pruning.deleted === 1 ? 'record' : 'records'}.\n`);
    return EXIT.fine;
  },
};

async function configuredRetention({ source }: Call): Promise<RetentionSettings> {
  const retention = (await source.config())?.retention ?? null;
  if (retention !== null) return retention;
  throw wrongUsage(
    "What is too old? Give --keep-days, or a configuration with the option 'retention' of trackUsage, such as " +
      'defineConfig({ storage, retention: { records: { days: 90 } } }).',
  );
}

/** Deletes a chunk after the other. */
class Pruning {
  deleted = 0;
  readonly #storage: DeletingUsageStorage;
  readonly #retention: RetentionSettings;
  readonly #call: Call;
  /** Why no clock can be trusted. */
  #doubt = '';

  constructor(storage: DeletingUsageStorage, retention: RetentionSettings, call: Call) {
    this.#storage = storage;
    this.#retention = retention;
    this.#call = call;
  }

  /** @throws {CliError} if it is not certain what time it is */
  async run(folding: Folding): Promise<void> {
    const { clock, signal } = this.#call.io;
    const now = deletionClock(this.#storage, clock, (why) => void (this.#doubt = why));
    for (let isMore = true; isMore;) {
      const nowMs = await now(signal);
      if (nowMs === null) throw new CliError(EXIT.unknown, `Nothing was deleted, as ${this.#doubt}.`);
      const cut = new Date(nowMs - this.#retention.records);
      const sealed = await folding.seal(this.#storage, cut, signal);
      const deleted =
        sealed.date === null ? 0 : await this.#storage.deleteBefore(sealed.date, CHUNK_RECORDS, signal);
      this.deleted += deleted;
      isMore = sealed.isMore || deleted === CHUNK_RECORDS;
    }
  }
}
