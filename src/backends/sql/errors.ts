import type { MikroORM } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import { type Condition, isSetup, messageOf } from '../base/database-error.js';

/** The meanings of a database's error codes. The first pattern that matches counts. */
export type Conditions = readonly (readonly [codes: RegExp, condition: Condition])[];

/** Advice for conditions that every database has. The conditions of a table are no record's fault. */
export const ADVICE = {
  login: { advice: 'Check the user and the password, and that the server lets them in.' },
  database: { advice: 'Make the database first, or check dbName.' },
  table: {
    advice:
      'If the table or a column is missing, run the migrations of the MikroORM that has the entity Usage; a process that connects by ' +
      'SqlStorage.connect, such as a worker, makes the table when it starts again.',
  },
  right: { advice: 'Grant the user select and insert on the table.' },
  demand: { advice: 'Records have no value for the column: let it take null, or give it a default.' },
  partition: { advice: 'Make the partition that the records belong to, or one for all that have no other.' },
} as const;

/** An error in MikroORM's own class for it, whether MikroORM or the driver's client threw it. */
export function convert({ em }: Pick<MikroORM, 'em'>, error: unknown): unknown {
  return error instanceof Error && !(error instanceof TrackUsageError)
    ? em.getDriver().convertException(error)
    : error;
}

/** Whether a condition is that of a table, or of the rights that somebody who writes has to it. */
export function isAboutTable(condition: Condition): boolean {
  return isSetup(condition) && /\b(?:grant|table)\b/i.test(condition.advice);
}

/** The meaning of a code. A code that nobody knows stands for an outage, which passes. */
export function judge(code: string, conditions: Conditions): Condition {
  return conditions.find(([codes]) => codes.test(code))?.[1] ?? 'unavailable';
}

/**
 * Says why a database could not be opened, and what to do.
 *
 * @param target - which database
 * @param advice - the advice where the error's condition has none
 */
export function cannotOpen(target: string, error: unknown, condition: Condition, advice: string): string {
  return `${target} cannot be opened: ${messageOf(error)}. ${isSetup(condition) ? condition.advice : advice}`;
}
