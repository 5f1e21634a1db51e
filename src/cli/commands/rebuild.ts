import { counted } from '../../report/words.js';
import type { RebuildProgress } from '../../summary/rebuild.js';
import type { Command } from '../command.js';
import { CliError, EXIT } from '../failure.js';
import { withFolding } from '../folding.js';
import { withProgress } from '../progress.js';

/** Sums up again. */
export const rebuildCommand: Command = {
  name: 'rebuild',
  summary:
    'Sums up again what is there of a span of time: records from before summaries, or a dimension that was added later.',
  details: ['Days are marked first, so that a tracker goes on where this command ends. It makes no table.'],
  options: {
    from: {
      value: 'DATE',
      about: 'The earliest date; its whole day is summed up. Default: the first record.',
    },
    to: { value: 'DATE', about: 'The end, exclusive; the whole day before it is summed up. Default: now.' },
  },
  examples: ['rebuild --from 2026-01-01'],
  async run(call) {
    const { values, io, out, err, source } = call;
    const storage = await source.storage('write');
    if (!(await storage.summaries?.isReady(io.signal)))
      throw new CliError(
        EXIT.usage,
        `The storage '${storage.name}' has no place for summaries; the trackers make one.`,
      );
    let so: RebuildProgress = { days: 0, done: 0 };
    const retention = (await source.config())?.retention ?? null;
    const options = {
      from: values.text('from'),
      to: values.text('to'),
      onProgress: (progress: RebuildProgress): void => void (so = progress),
    };
    const { days } = await withProgress(
      err,
      io.clock,
      () => `Summing up: ${so.done} of ${so.days} days`,
      () => withFolding(call, storage, retention, (folding) => folding.rebuild([storage], options)),
    );
    await out.write(`Summed up ${counted(days, 'day')}.\n`);
    return EXIT.fine;
  },
};
