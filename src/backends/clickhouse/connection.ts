import { Readable } from 'node:stream';
import { text as consume } from 'node:stream/consumers';
import type { TrackUsageError } from '../../errors.js';
import { TurnBudget } from '../../time/turn-budget.js';
import { databaseError, readError } from '../base/database-error.js';
import { Operations, storageClosed } from '../base/operations.js';
import { conditionOf, exceptionOf, shortMessageOf, throwIfException } from './errors.js';
import { type StatementSettings, settingsClause } from './settings.js';

/** The used part of `ClickHouseClient` of `@clickhouse/client`: an application's may be of another version than ours. */
export interface NativeClient {
  query(params: {
    readonly query: string;
    readonly format: 'JSONCompactEachRow';
    readonly abort_signal: AbortSignal;
  }): Promise<{ stream(): AsyncIterable<readonly { readonly text: string }[]> }>;
  command(params: { readonly query: string; readonly abort_signal: AbortSignal }): Promise<unknown>;
  exec(params: {
    readonly query: string;
    readonly values: Readable;
    readonly abort_signal: AbortSignal;
  }): Promise<{ readonly stream: Readable }>;
  close(): Promise<void>;
}

/** Rows between two looks at the clock. */
const LOOK_ROWS = 16;

/** Runs statements through a client, and tells of failures by the name of what they are about. */
export class ClickHouseConnection {
  readonly #client: NativeClient;
  readonly #isOnCluster: boolean;
  readonly #operations = new Operations();

  constructor(client: NativeClient, isOnCluster: boolean) {
    this.#client = client;
    this.#isOnCluster = isOnCluster;
  }

  /**
   * Reads rows one after another, as lists of values. A row of one text that says that the server failed is an error.
   *
   * @param subject - what is read, such as "table 'koa_usage'"
   * @param more - settings beside those of every statement that reads
   */
  async read(
    sql: string,
    subject: string,
    take: (row: unknown[]) => void,
    signal?: AbortSignal,
    more?: StatementSettings,
  ): Promise<void> {
    const query = `${sql}${settingsClause('read', this.#isOnCluster, more)}`;
    const errorOf = (error: unknown): TrackUsageError =>
      readError(error, conditionOf(error), subject, shortMessageOf(error));
    await this.#run(signal, errorOf, async (abort_signal) => {
      const found = await this.#client.query({ query, format: 'JSONCompactEachRow', abort_signal });
      const budget = new TurnBudget(LOOK_ROWS);
      for await (const rows of found.stream()) {
        for (const { text } of rows) {
          const row = JSON.parse(text) as unknown[];
          throwIfException(row);
          take(row);
          if (budget.isSpentAfterStep()) await budget.nextTurn(abort_signal);
        }
      }
    });
  }

  /** Reads the one row of an answer, such as a count. */
  async readOne(sql: string, subject: string, signal?: AbortSignal): Promise<unknown[]> {
    let only: unknown[] = [];
    await this.read(sql, subject, (row) => (only = row), signal);
    return only;
  }

  /** Changes tables, and waits until all copies are changed. */
  change(sql: string, failed: string, signal: AbortSignal, more?: StatementSettings): Promise<void> {
    return this.command(`${sql}${settingsClause('change', this.#isOnCluster, more)}`, failed, signal);
  }

  /** Inserts what a statement reads. */
  insertSelected(sql: string, failed: string, signal: AbortSignal): Promise<void> {
    return this.command(`${sql}${settingsClause('insertSelected', this.#isOnCluster)}`, failed, signal);
  }

  /**
   * Runs a statement without an answer, and with no settings but those of the user.
   *
   * @param failed - its failure as a clause, such as "Old records of the table 'koa_usage' cannot be deleted"
   */
  async command(sql: string, failed: string, signal?: AbortSignal): Promise<void> {
    await this.#run(signal, failing(failed), async (abort_signal) => {
      await this.#client.command({ query: sql, abort_signal });
    });
  }

  /**
   * Inserts rows at once: a block of them is there as a whole or not at all.
   *
   * @param into - the table and its columns
   * @param parts - of the text that has a JSON list of values a line
   */
  async insert(
    into: string,
    parts: readonly Buffer[],
    failed: string,
    signal: AbortSignal,
    more?: StatementSettings,
  ): Promise<void> {
    const query = `insert into ${into}${settingsClause('insert', this.#isOnCluster, more)} format JSONCompactEachRow`;
    await this.#run(signal, failing(failed), async (abort_signal) => {
      const values = Readable.from(parts);
      const { stream } = await this.#client.exec({ query, values, abort_signal });
      // The socket is given back when the answer is read. It is empty, but for an error that came after the status.
      const answer = await consume(stream);
      if (answer.trim() !== '') throw exceptionOf(answer.trim());
    });
  }

  /** Ends what is under way, and runs nothing more. */
  close(storage: string): void {
    this.#operations.close(storageClosed(storage));
  }

  /** Closes the client as well, where it is the storage's own. */
  async disconnect(): Promise<void> {
    // A request that was just ended may still have a connection made, which nobody would close.
    await this.#operations.idle();
    await this.#client.close();
  }

  async #run<Value>(
    signal: AbortSignal | undefined,
    errorOf: (error: unknown) => TrackUsageError,
    action: (combined: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    return this.#operations.run(signal ?? new AbortController().signal, async (combined) => {
      combined.throwIfAborted();
      try {
        return await action(combined);
      } catch (error) {
        combined.throwIfAborted();
        throw errorOf(error);
      }
    });
  }
}

/** Makes the errors of a statement that changes something. */
function failing(failed: string): (error: unknown) => TrackUsageError {
  return (error) => databaseError(error, conditionOf(error), failed, shortMessageOf(error));
}
