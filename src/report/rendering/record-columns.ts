import { type Field, FIELD_ENTRIES, USER_AGENT_PARTS } from '../../record/fields.js';
import type { UsageRecord, UserAgent } from '../../record/usage-record.js';
import type { Cell, Column } from './column.js';
import { nameOf } from './columns.js';

/** What people read of a record. */
const SHOWN: readonly Column<UsageRecord>[] = [
  {
    name: 'date',
    title: 'DATE',
    kind: 'text',
    rank: 0,
    least: Infinity,
    value: ({ date }) => date.toISOString().slice(0, 19).replace('T', ' '),
  },
  {
    name: 'request',
    title: 'REQUEST',
    kind: 'text',
    rank: 0,
    least: 30,
    value: ({ method, path }) => `${method} ${path}`,
  },
  {
    name: 'status',
    title: 'STATUS',
    kind: 'text',
    rank: 1,
    value: ({ status, aborted }) => `${status ?? '–'}${aborted ? ' aborted' : ''}`,
    tone: ({ status }) => (Number(status) >= 500 ? 'bad' : null),
  },
  { name: 'durationMs', title: 'TIME', kind: 'milliseconds', value: ({ durationMs }) => durationMs },
  {
    name: 'action',
    title: 'ACTION',
    kind: 'text',
    rank: 3,
    value: ({ controller, action, route }) =>
      [controller, action].filter((name) => name !== null).join('.') || route,
  },
  { name: 'username', title: 'BY', kind: 'text', value: ({ username }) => nameOf(username) },
];

/** The columns of records. Programs read all fields, JSON as text, and the parts of the user agent each. */
export const RECORD_COLUMNS: readonly Column<UsageRecord>[] = [
  ...SHOWN.map((column) => Object.assign({}, column, { only: 'page' as const })),
  ...FIELD_ENTRIES.flatMap(([name, { kind }]) => {
    if (kind !== 'userAgent') return fieldColumn(name, kind);
    const parts = Object.keys(USER_AGENT_PARTS) as (keyof UserAgent)[];
    return parts.map((part) => dataColumn(`${name}.${part}`, ({ userAgent }) => userAgent[part]));
  }),
];

function fieldColumn(name: keyof UsageRecord, kind: Field['kind']): Column<UsageRecord> {
  return dataColumn(name, (record) => {
    const value = record[name];
    return kind === 'json' && value !== null ? JSON.stringify(value) : (value as Cell);
  });
}

function dataColumn(name: string, value: Column<UsageRecord>['value']): Column<UsageRecord> {
  return { name, title: name, kind: 'text', only: 'data', value };
}
