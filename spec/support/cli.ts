import { PassThrough, Writable } from 'node:stream';
import { WriteStream } from 'node:tty';
import { run } from '../../src/cli/run.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { makeRecords } from '../../src/testing/index.js';
import { type Clock, systemClock } from '../../src/time/clock.js';

/** How a command ended, and what it wrote. */
export interface CliEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command finds around it. */
export interface CliWorld {
  readonly cwd?: string;
  /** The width of a terminal that all streams are; null for pipes. */
  readonly columns?: number | null;
  /** What somebody types. */
  readonly typed?: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Where answers go instead. */
  readonly stdout?: Writable;
}

/** What is written to a pipe or a terminal. */
class Written extends Writable {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  text = '';

  constructor(columns: number | null) {
    super({ decodeStrings: false });
    this.isTTY = columns !== null;
    this.columns = columns ?? undefined;
  }

  /** As many colours as the environment says, as on a terminal. */
  getColorDepth(): number {
    return WriteStream.prototype.getColorDepth.call(this as never, process.env);
  }

  override _write(chunk: string | Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Runs a command in this process. */
export async function cli(args: readonly string[], world: CliWorld = {}): Promise<CliEnd> {
  const { columns = null, cwd = process.cwd(), clock = systemClock } = world;
  const [stdout, stderr] = [new Written(columns), new Written(columns)];
  const stdin = Object.assign(new PassThrough(), { isTTY: columns !== null });
  if (world.typed !== undefined) stdin.end(world.typed);
  const signal = world.signal ?? new AbortController().signal;
  const code = await run(args, { stdin, stdout: world.stdout ?? stdout, stderr, cwd, clock, signal });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** Stores three records of ada's, and closes the storage. */
export async function fill(opening: Promise<UsageStorage>): Promise<void> {
  const storage = await opening;
  const records = makeRecords(3).map((record) => Object.assign({}, record, { username: 'ada' }));
  await storage.store(records, new AbortController().signal);
  await storage.close?.();
}
