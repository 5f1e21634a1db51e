import type { MikroORM } from '@mikro-orm/core';
import { type Condition, isSetup } from '../../base/database-error.js';
import { ADVICE, type Conditions, judge } from '../errors.js';
import { quote, quoteTable } from '../identifiers.js';
import { type MonthPartition, type Place, monthsOf, partitionOf } from './months.js';
import { postgresConnection } from './native-client.js';

/**
 * SQLSTATE codes (postgresql.org/docs/current/errcodes-appendix.html), or their classes. `{…}` stands for a name, quoted. A
 * refusal is data that cannot be stored, a constraint, a limit, a view with check option, or an error that a trigger raises.
 */
const CONDITIONS: Conditions = [
  [/^23502/, ADVICE.demand],
  [
    /^23514 is partition/,
    { advice: 'It is a partition, and takes the records of its range alone: name the table that it is of.' },
  ],
  [/^23514 no partition/, { advice: 'Make the partition that the records belong to{partition}' }],
  [/^(?:22|23|54|44000|P0001)/, 'refused'],
  [/^(?:57014|25P04|time-out)/, 'too-slow'],
  [
    /^42501 policy/,
    {
      advice:
        'Have the owner run: create policy koa_track_usage on {table} to {role} using (true) with check (true);',
    },
  ],
  [/^42501 connect/, { advice: 'Let the user connect to the database.' }],
  [/^42501/, { advice: 'Run: {usage}grant insert, select on {table} to {role};' }],
  [/^42P10/, { advice: 'Run: alter table {table} add primary key ("id");' }],
  [
    /^3F000/,
    { advice: 'Run: create schema {schema}; and the migrations of the MikroORM that has the entity Usage.' },
  ],
  [/^3D/, ADVICE.database],
  [/^28/, ADVICE.login],
  [/^(?:42|3F|0A)/, ADVICE.table],
];

/** The meaning of an error of PostgreSQL, pg or the network. */
export function conditionOf(error: unknown): Condition {
  return judge(codeOf(error), CONDITIONS);
}

/**
 * Whether the connection may be about to end: the server says so (57P01, 25P04 and their kin), or it is not an error of the
 * server's. The pool learns of the end only later, and would hand the connection out once more.
 */
export function mayBeEnding(error: unknown): boolean {
  return /^(?:$|08|25P|57P|58|XX)/.test(stateOf(error));
}

/** The meaning of a table's error: {@link conditionOf}, with the names for the statements that somebody has to run. */
export function conditionAt(error: unknown, orm: Pick<MikroORM, 'em'>, table: Place): Condition {
  const condition = conditionOf(error);
  if (!isSetup(condition)) return condition;
  const { user } = postgresConnection(orm).getConnectionOptions() as { readonly user?: string };
  const schema = quote(table.schema ?? 'public');
  const role = user === undefined ? 'the user that connects' : quote(user);
  const missing = missingPartition(error, table);
  const names: Readonly<Record<string, string>> = {
    table: quoteTable(table),
    partition: missing
      ? `, or attach it again if it was detached. To make it, run: create table ${missing.name} partition of ${quoteTable(table)} ${missing.bounds};`
      : '.',
    schema,
    role,
    usage: table.schema === null ? '' : `grant usage on schema ${schema} to ${role}; `,
  };
  return { advice: condition.advice.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] as string) };
}

/** Whether a table has no partition for a record. */
export function lacksPartition(error: unknown): boolean {
  return codeOf(error) === '23514 no partition';
}

/** The partition of the month of a record that a table has none for; null where the server does not tell the record's id, or has another key. */
export function missingPartition(error: unknown, table: Place): MonthPartition | null {
  const { detail } = (error ?? {}) as { readonly detail?: unknown };
  const [month] = monthsOf([/\(id\) = \(([\da-f-]{36})\)/.exec(String(detail))?.[1] ?? '']);
  return month === undefined ? null : partitionOf(table, month);
}

/** Whether a partition was detached or dropped by another process, or is about to be, or somebody has it locked. */
export function isOutOfReach(error: unknown): boolean {
  return /^(?:42P01|55000|55P03)/.test(stateOf(error));
}

/** Whether a table cannot be dropped because others depend on it, such as views. */
export function isDependedOn(error: unknown): boolean {
  return stateOf(error) === '2BP01';
}

/** Whether a column is of another type than the value that was to be written. */
export function isOfOtherType(error: unknown): boolean {
  return stateOf(error) === '42804';
}

/** An error's SQLSTATE: five characters that say of which kind the error is; empty if the server did not say. */
// No SQLSTATE begins with an E, as codes of the system do that have five letters too: EPIPE.
function stateOf(error: unknown): string {
  const { code, message } = (error ?? {}) as Readonly<Record<string, unknown>>;
  // pg itself notices that a password is missing, and that the server does not know it.
  if (typeof message === 'string' && message.startsWith('SASL: ')) return '28000';
  return typeof code === 'string' && /^(?!E)[0-9A-Z]{5}$/.test(code) ? code : '';
}

/** The state, with a word that tells errors of one state apart. The message would not do: it is in the server's language. */
function codeOf(error: unknown): string {
  const { routine, constraint, message } = (error ?? {}) as Readonly<Record<string, unknown>>;
  // pg's own limit has no code, and PgBouncer's has one of the protocol's.
  if (typeof message === 'string' && /^query (?:read )?timeout$/i.test(message)) return 'time-out';
  const state = stateOf(error);
  if (state === '42501' && routine === 'ExecWithCheckOptions') return `${state} policy`;
  if (state === '42501' && routine === 'CheckMyDatabase') return `${state} connect`;
  // A check has a name. A table without a partition for a row gives none, nor does a partition that is not the row's.
  if (state !== '23514' || constraint !== undefined) return state;
  return `${state} ${routine === 'ExecPartitionCheckEmitError' ? 'is' : 'no'} partition`;
}
