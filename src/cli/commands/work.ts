import { counted } from '../../report/words.js';
import { toError } from '../../pipeline/telling/report-log.js';
import { countDropped } from '../../pipeline/telling/accounting.js';
import type { UsageSource } from '../../storage/usage-source.js';
import type { Clock } from '../../time/clock.js';
import { orAbort } from '../../time/or-abort.js';
import { within } from '../../time/within.js';
import { resolveConsumeOptions } from '../../worker/consume-options.js';
import { type UsageWorker, startWorker } from '../../worker/consume-usage.js';
import type { Call, Command } from '../command.js';
import { EXIT, wrongUsage } from '../failure.js';
import type { CliIo } from '../io.js';
import type { Output } from '../output.js';
import { openStream } from '../source/stream.js';

/** How often the worker is looked at, in milliseconds. */
const LOOK_MS = 1000;

/** From one line to the next while nothing changes, in milliseconds. */
const LINE_MS = 60_000;

/** Stores what a stream holds. */
export const workCommand: Command = {
  name: 'work',
  summary: 'Stores the records that wait in a stream in the storage of the configuration, until it is ended.',
  details: [
    "It needs a configuration with a 'stream', such as a JetStreamStorage. As a tracker does, it makes the table where that is missing, " +
      "sums up, and deletes what is too old by the configuration's 'retention'. Several may work on one stream.",
    'It says in a line a minute how it does, and at once when that changes. SIGTERM and Ctrl-C end it: it stores what it holds, and gives ' +
      'back to the stream what it cannot store in five seconds. A service manager has to start node_modules/.bin/koa-track-usage work, as npx ' +
      'passes no signal on.',
  ],
  options: {
    'dead-letters': {
      about:
        'Puts the records that were refused, and are whole, back into the stream, to be stored. Goes on to work, also where it cannot.',
    },
  },
  needsConfig: true,
  endsItself: true,
  examples: ['work', 'work --config usage/koa-track-usage.config.mjs', 'work --dead-letters'],
  async run(call) {
    const { io, out, err } = call;
    const worker = await orAbort(openWorker(call), io.signal);
    await tellUntilEnd(worker, io, (line) => tell(out, line));
    const { stored, spooled, dropped } = await worker.close();
    const told = tell(
      err,
      `Stopped: ${counted(stored, 'record')} stored, ${spooled} given back, ${dropped} not stored.`,
    );
    await within(io.clock, LOOK_MS, told);
    return EXIT.fine;
  },
};

async function openWorker({ source, values, err, io }: Call): Promise<UsageWorker> {
  const config = await source.config();
  if (config?.stream == null)
    throw wrongUsage(
      'Where do records come from? Give --config with a file that exports defineConfig({ storage, stream }), with a stream such as ' +
        "() => JetStreamStorage.connect({ servers, stream: 'usage' }).",
    );
  const storage = await source.toBeFilled(config);
  const stream = await openStream(config.stream, false);
  const write = (line: string): void => void tell(err, line);
  const { summaries, logger: _, ...defaults } = resolveConsumeOptions({ clock: io.clock });
  const worker = startWorker(stream, storage, {
    ...defaults,
    ...config.work,
    summaries: config.summaries === undefined ? summaries : config.summaries,
    retention: config.retention,
    logger: { warn: write, error: write },
  });
  if (values.has('dead-letters')) void putBack(stream, io, write);
  return worker;
}

/** Puts dead letters back beside the worker, which makes room where the stream is full. Never rejects. */
async function putBack(
  stream: UsageSource,
  { clock, signal }: CliIo,
  write: (line: string) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      return write(`Put back: ${counted((await stream.requeue?.()) ?? 0, 'dead letter')}.`);
    } catch (error) {
      const isFinal = (error as { code?: unknown }).code === 'STORAGE_SETUP';
      if (signal.aborted) return;
      write(`${toError(error).message}${isFinal ? '' : ' Tried again in a minute.'}`);
      if (isFinal) return;
      await pause(clock, LINE_MS, signal);
    }
  }
}

/** Writes a line. Never rejects: a worker stores records whether or not somebody reads its lines. */
async function tell(output: Output, line: string): Promise<void> {
  await output.write(`${line}\n`).catch(() => {});
}

/** Tells now and then how a worker does, until the command is to end. A line waits for the one before it, nothing else does. */
async function tellUntilEnd(
  worker: UsageWorker,
  { clock, signal }: CliIo,
  write: (line: string) => Promise<void>,
): Promise<void> {
  let told = '';
  let toldMs = -Infinity;
  let isTelling = false;
  while (!signal.aborted) {
    const health = worker.health();
    if (!isTelling && (health !== told || clock.monotonic() - toldMs >= LINE_MS)) {
      told = health;
      toldMs = clock.monotonic();
      isTelling = true;
      const line = `${new Date(clock.now()).toISOString()} ${health}: ${figuresOf(worker)}`;
      void write(line).then(() => (isTelling = false));
    }
    await pause(clock, LOOK_MS, signal);
  }
}

/** Waits, until the command is to end at most. Never rejects. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = clock.setTimeout(resolve, ms, true);
  await orAbort(over, signal).catch(() => {});
  clock.clearTimeout(timer);
}

function figuresOf(worker: UsageWorker): string {
  const { stored, spooled, inFlight, dropped, source } = worker.stats();
  const waiting = source.waiting === null ? '' : `, ${counted(source.waiting, 'message')} waiting`;
  return `${counted(stored, 'record')} stored, ${spooled + inFlight} held, ${countDropped(dropped)} not stored${waiting}`;
}
