// The program of a thread that holds SQLite's write lock when it is told to, as another process would.
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

/** What the thread is told, and answers when it is done. */
export type LockOrder = 'begin immediate' | 'rollback';

const database = new Database(workerData as string);

parentPort?.on('message', (order: LockOrder) => {
  database.exec(order);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  parentPort?.postMessage(order);
});
