import type { MikroORM } from '@mikro-orm/core';
import type { TrackUsageError } from '../../../errors.js';
import type { UsageTable } from '../usage-table.js';
import { quote, quoteTable } from '../identifiers.js';
import { postgresConnection } from './native-client.js';
import { writeError } from '../errors.js';

/**
 * SQLSTATE codes (postgresql.org/docs/current/errcodes-appendix.html), or their classes, after which the same batch fails
 * again: data that cannot be stored, constraints, limits, views with check option, and what triggers raise.
 */
const REFUSED = ['22', '23', '54', '44000', 'P0001'];

/** Those that only a person can do something about: syntax, names and rights, no such database or schema, wrong password. */
const SETUP = ['42', '28', '3D', '3F', '0A'];

/**
 * What an error of PostgreSQL, pg or the network means to the tracker: that the batch will never be taken as it is
 * (`BATCH_REFUSED`), that a person has to act (`STORAGE_SETUP`), or that it may be stored later (`STORAGE_UNAVAILABLE`).
 */
export function storageError(error: unknown, orm: MikroORM, table: UsageTable): TrackUsageError {
  return writeError(error, table.name, {
    isRefusal: hasState(error, REFUSED),
    advice: adviceFor(error, orm, table),
  });
}

/** What a person has to do about an error; null if waiting may help. */
export function adviceFor(error: unknown, orm: MikroORM, table: UsageTable): string | null {
  return isSetup(error) ? whatToRun(stateOf(error), orm, table) : null;
}

/** Whether an error asks for a person. */
export function isSetup(error: unknown): boolean {
  return hasState(error, SETUP);
}

/**
 * Whether the connection may be about to end: the server says so (57P01 and its kin), or it is not an error of the server's.
 * The pool learns of the end only later, and would hand the connection out once more.
 */
export function mayBeEnding(error: unknown): boolean {
  return stateOf(error) === '' || hasState(error, ['08', '57P', '58', 'XX']);
}

/** What somebody has to run so that records can be written. */
function whatToRun(state: string, orm: MikroORM, table: UsageTable): string {
  const { user, database } = postgresConnection(orm).getConnectionOptions() as Partial<
    Record<'user' | 'database', string>
  >;
  const role = user === undefined ? 'the user that connects' : quote(user);
  const name = quoteTable(table);
  switch (state) {
    case '42501':
      return (
        `Run: ${table.schema === null ? '' : `grant usage on schema ${quote(table.schema)} to ${role}; `}` +
        `grant insert, select on ${name} to ${role};`
      );
    case '42P10':
      return `Run: alter table ${name} add primary key (${quote('id')});`;
    case '3F000':
      return `Run: create schema ${quote(table.schema ?? 'public')}; and the migrations of the MikroORM that has the entity Usage.`;
    case '3D000':
      return `Run: create database ${quote(database ?? 'postgres')};`;
    case '28P01':
    case '28000':
      return 'Check the user and the password, and that pg_hba.conf lets them in.';
    default:
      return 'Run the migrations of the MikroORM that has the entity Usage: they make the table and its columns.';
  }
}

/** The five characters that say what kind of error it is; empty if the server did not say. */
// None begins with an E, as codes of the system do that have five letters too: EPIPE.
export function stateOf(error: unknown): string {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^(?!E)[0-9A-Z]{5}$/.test(code) ? code : '';
}

function hasState(error: unknown, beginnings: readonly string[]): boolean {
  const state = stateOf(error);
  return beginnings.some((beginning) => state.startsWith(beginning));
}
