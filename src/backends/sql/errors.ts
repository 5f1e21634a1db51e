import type { MikroORM } from '@mikro-orm/core';
import { type Condition, isSetup, messageOf, writeError } from '../mikro-orm/database-error.js';

/** What the codes of a database's errors mean. The first pattern that matches counts. */
export type Conditions = readonly (readonly [codes: RegExp, condition: Condition])[];

/** What a person has to do, for conditions that every database has. Those of tables are no record's fault. */
export const ADVICE = {
  login: { advice: 'Check the user and the password, and that the server lets them in.' },
  database: { advice: 'Make the database first, or check dbName.' },
  table: {
    advice:
      'If the table or a column is missing, run the migrations of the MikroORM that has the entity Usage.',
  },
  right: { advice: 'Grant the user select and insert on the table.' },
  demand: { advice: 'Records have no value for the column: let it take null, or give it a default.' },
  partition: { advice: 'Make the partition that the records belong to, or one for all that have no other.' },
} as const;

/** An error as MikroORM's own class for it, whichever part of MikroORM threw it. */
export function convert({ em }: MikroORM, error: unknown): unknown {
  return error instanceof Error ? em.getDriver().convertException(error) : error;
}

/** What a code means; anything unknown may pass. */
export function judge(code: string, conditions: Conditions): Condition {
  return conditions.find(([codes]) => codes.test(code))?.[1] ?? 'unavailable';
}

/**
 * Why a database could not be opened, and what to do.
 *
 * @param target - which database
 * @param advice - what to do where the error's condition does not say it
 */
export function cannotOpen(target: string, error: unknown, condition: Condition, advice: string): string {
  return `${target} cannot be opened: ${messageOf(error)}. ${isSetup(condition) ? condition.advice : advice}`;
}

/**
 * Makes of a batch what is sent to the database. If that fails it fails every time, as it asks nobody: a record holds what
 * no column takes. Told apart from the database's own errors, only that record is dropped, and the queue goes on.
 *
 * @throws {TrackUsageError} `BATCH_REFUSED` with what `make` threw
 */
export function encode<Encoded>(tableName: string, make: () => Encoded): Encoded {
  try {
    return make();
  } catch (error) {
    throw writeError(error, 'refused', `table '${tableName}'`);
  }
}
