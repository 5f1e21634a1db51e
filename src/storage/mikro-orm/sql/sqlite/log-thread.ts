// The program of a thread that copies a write-ahead log back into its file whenever it is told to.
import { parentPort, workerData } from 'node:worker_threads';

/** What the thread is given. */
export interface LogThreadData {
  /** Where better-sqlite3 is found. */
  readonly client: string;
  /** The database's file. */
  readonly file: string;
}

/** What the thread is told. */
export type LogThreadOrder = 'copy' | 'end';

interface Database {
  pragma(source: string): unknown;
  close(): unknown;
}

const { client, file } = workerData as LogThreadData;
const { default: Database } = (await import(client)) as {
  default: new (file: string, options: object) => Database;
};
const database = new Database(file, { fileMustExist: true, timeout: 0 });

parentPort?.on('message', (order: LogThreadOrder) => {
  // Passive: it waits for nobody, and nobody waits for it. What is read or written meanwhile is copied the next time.
  if (order === 'copy') database.pragma('wal_checkpoint(passive)');
  else {
    database.close();
    parentPort?.close();
  }
});
