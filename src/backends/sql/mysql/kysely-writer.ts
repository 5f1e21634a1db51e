import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../../record/usage-record.js';
import type { StoreResult } from '../../../storage/usage-storage.js';
import { textLiteral } from '../../mikro-orm/mysql-column-types.js';
import { encode } from '../errors.js';
import { KyselyRunner } from '../kysely-runner.js';
import type { SqlWriter } from '../dialect.js';
import type { UsageTable } from '../usage-table.js';
import { storageError } from './errors.js';
import { quoteTable } from './identifiers.js';
import { InsertStatements, type Parameter, parametersOf } from './statements.js';

/** Records a statement, at most: its text is made on the event loop. */
const CHUNK_RECORDS = 64;

/**
 * Writes through MikroORM's Kysely, whatever client is behind that. Clients for MySQL put values into the statement's text
 * and escape them for one `sql_mode`, so that the text is made here, of literals that mean the same in all of them.
 */
export class KyselyWriter implements SqlWriter {
  readonly #runner: KyselyRunner;
  readonly #table: UsageTable;
  readonly #statements: InsertStatements;

  constructor(orm: MikroORM, table: UsageTable) {
    this.#runner = new KyselyRunner(orm);
    this.#table = table;
    this.#statements = new InsertStatements(quoteTable(orm, table), table.columns);
  }

  /** @inheritdoc */
  async write(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    try {
      for (let start = 0; start < batch.length; start += CHUNK_RECORDS) {
        if (start > 0) await nextTurn();
        const chunk = batch.slice(start, start + CHUNK_RECORDS);
        const text = encode(this.#table.name, () => this.#textOf(chunk));
        await this.#runner.run(text, [], signal);
      }
    } catch (error) {
      throw storageError(error, this.#table.name);
    }
    return { stored: batch.length, refused: [] };
  }

  #textOf(chunk: readonly UsageRecord[]): string {
    return this.#statements.textOf(chunk.map((record) => parametersOf(record).map(literal)));
  }
}

function literal(value: Parameter): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return textLiteral(value);
  // With an exponent it is a double to MySQL, and else a decimal number.
  return Number.isInteger(value) || /e/.test(String(value)) ? String(value) : `${value}e0`;
}
