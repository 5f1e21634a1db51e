import { OldRecords, type Seal } from '../../pipeline/retention/old-records.js';
import type { RetentionSettings } from '../../options/retention-options.js';
import { counted } from '../../report/words.js';
import { type DeletingUsageStorage, canDelete } from '../../storage/usage-storage.js';
import type { Folding } from '../../usage-tracker/folding.js';
import type { Call, Command } from '../command.js';
import { CONFIRM_OPTIONS, confirm } from '../confirm.js';
import { CliError, EXIT, wrongUsage } from '../failure.js';
import { keepingRecords, withFolding } from '../folding.js';
import { withProgress } from '../progress.js';

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
    let deleted = 0;
    const onDeleted = (count: number): void => void (deleted = count);
    await withProgress(
      err,
      io.clock,
      () => `Deleting: ${deleted} records so far`,
      () =>
        withFolding(call, storage, retention, (folding) =>
          deleteOld(storage, retention, call, { folding, onDeleted }),
        ),
    );
    await out.write(`Deleted ${counted(deleted, 'record')}.\n`);
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

/**
 * Deletes a chunk after the other.
 *
 * @throws {CliError} if it is not certain what time it is
 */
async function deleteOld(
  storage: DeletingUsageStorage,
  retention: RetentionSettings,
  { io: { clock, signal } }: Call,
  { folding, onDeleted }: { folding: Folding; onDeleted: (count: number) => void },
): Promise<void> {
  let doubt = '';
  const seal: Seal = (...asked) => folding.seal(...asked);
  // Of actions with a shorter retention, the application's own processes know.
  const kept = { allMs: retention.records, shortLived: () => [] };
  const old = new OldRecords(storage, kept, { clock, seal }, (what) => void (doubt = what));
  for (let isMore = true; isMore;) {
    ({ isMore } = await old.deleteChunk(signal));
    if (doubt !== '') throw new CliError(EXIT.unknown, `The storage '${storage.name}': ${doubt}.`);
    onDeleted(old.deleted);
  }
}
