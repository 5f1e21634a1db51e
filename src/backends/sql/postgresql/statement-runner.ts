import type { Statement } from './native-client.js';

/** How statements get to the server. */
export interface StatementRunner {
  /** Runs a statement by itself, in no transaction of the application. Rejects at once when the signal is aborted. */
  run(statement: Statement, signal: AbortSignal): Promise<void>;
}
