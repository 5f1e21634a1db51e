import type { ChildProcess } from 'node:child_process';
import type { TrackUsageOptions } from 'koa-track-usage';
import type { EngineName } from '../../spec/support/servers.js';
import { PLACES, type PlaceName } from '../engines/shared-place.js';
import { cpuUsOf } from './databases.js';
import { nextMessage, startProgram, stopProgram } from './server-process.js';

/** What a process writes to, and how. */
export interface WriterOrder {
  readonly place: PlaceName;
  readonly address: string;
  readonly options: Pick<TrackUsageOptions, 'batch' | 'queue'>;
}

/** What a process has written. */
export interface Written {
  readonly records: number;
  readonly batches: number;
  /** CPU time of the process, all threads, in microseconds. */
  readonly cpuUs: number;
}

/** What several processes have written at once. */
export interface WrittenTogether extends Written {
  /** From the first record to the last that was stored, in milliseconds. */
  readonly ms: number;
  /** CPU time of the server meanwhile, in microseconds; 0 where there is none. */
  readonly serverCpuUs: number;
}

/**
 * Lets processes write at once, each as fast as its storage takes it.
 *
 * @param amounts - how many records each of them writes, one amount after the other
 */
export async function writeTogether(
  processes: number,
  order: WriterOrder,
  amounts: readonly number[],
): Promise<WrittenTogether[]> {
  const children: ChildProcess[] = [];
  const start = async (): Promise<void> => {
    children.push((await startProgram('writer.js', JSON.stringify(order))).child);
  };
  try {
    // The first one makes the tables.
    await start();
    await Promise.all(Array.from({ length: processes - 1 }, start));
    const written: WrittenTogether[] = [];
    for (const amount of amounts) written.push(await take(children, amount, PLACES[order.place].server));
    return written;
  } finally {
    await Promise.all(children.map(stopProgram));
  }
}

/** @param records - by each process */
async function take(
  children: readonly ChildProcess[],
  records: number,
  server: EngineName | null,
): Promise<WrittenTogether> {
  await tell(children, records);
  const readServer = (): number => (server === null ? 0 : cpuUsOf(server));
  const serverBefore = readServer();
  const begin = performance.now();
  const written = await tell<Written>(children, 0);
  const ms = performance.now() - begin;
  const serverCpuUs = readServer() - serverBefore;
  const sum = (figure: keyof Written): number => written.reduce((total, one) => total + one[figure], 0);
  return { ms, serverCpuUs, records: sum('records'), batches: sum('batches'), cpuUs: sum('cpuUs') };
}

function tell<Answer>(children: readonly ChildProcess[], message: number): Promise<Answer[]> {
  return Promise.all(
    children.map((child) => {
      const answer = nextMessage<Answer>(child, 'writer');
      child.send(message);
      return answer;
    }),
  );
}
