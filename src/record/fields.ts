import type { JsonObject, UsageRecord, UsageRecordDraft, UserAgent } from './usage-record.js';

/**
 * The kinds of fields, and what a field of each kind holds. A `number` is finite, an `integer` has at most 32 bits, a `count` is
 * a safe integer from 0, and the parts of a `userAgent` are columns of their own in a table.
 */
interface Kinds {
  id: string;
  date: Date;
  text: string;
  json: JsonObject;
  number: number;
  integer: number;
  count: number;
  boolean: boolean;
  userAgent: UserAgent;
}

/** What kind a field is of. */
export type FieldKind = keyof Kinds;

/** The kinds that hold values of this type, and no others. */
type KindOf<Value> = {
  [Kind in FieldKind]: Kinds[Kind] extends Value ? (Value extends Kinds[Kind] ? Kind : never) : never;
}[FieldKind];

/** What the table says of a field. */
export interface Field<Kind = FieldKind, Blank = unknown> {
  readonly kind: Kind;
  /** What the field holds where nothing is known. Null says that it may hold null. */
  readonly blank: Blank;
  /** The longest text, in UTF-16 code units, the mark `…` included. */
  readonly maxLength?: number;
}

type FieldOf<Value> = Field<KindOf<NonNullable<Value>>, null extends Value ? null : Value> &
  (NonNullable<Value> extends string ? { readonly maxLength: number } : { readonly maxLength?: never });

type Table<Of> = { readonly [Name in keyof Of]: FieldOf<Of[Name]> };

/** The parts of `userAgent`, in their order. */
export const USER_AGENT_PARTS = {
  browser: { kind: 'text', blank: null, maxLength: 64 },
  version: { kind: 'text', blank: null, maxLength: 64 },
  platform: { kind: 'text', blank: null, maxLength: 64 },
  language: { kind: 'text', blank: null, maxLength: 64 },
  string: { kind: 'text', blank: null, maxLength: 1024 },
} as const satisfies Table<UserAgent>;

/**
 * The one table of a record's fields, in their order. Limits, columns and the blank record are made from it. The compiler or a
 * spec compares the table with all code that is written out for speed.
 */
export const FIELDS = {
  id: { kind: 'id', blank: '', maxLength: 36 },
  date: { kind: 'date', blank: new Date(0) },
  durationMs: { kind: 'number', blank: 0 },
  serverName: { kind: 'text', blank: '', maxLength: 255 },
  method: { kind: 'text', blank: '', maxLength: 32 },
  url: { kind: 'text', blank: '', maxLength: 4096 },
  path: { kind: 'text', blank: '', maxLength: 2048 },
  route: { kind: 'text', blank: null, maxLength: 1024 },
  query: { kind: 'json', blank: null },
  controller: { kind: 'text', blank: null, maxLength: 255 },
  action: { kind: 'text', blank: null, maxLength: 255 },
  params: { kind: 'json', blank: null },
  status: { kind: 'integer', blank: null },
  aborted: { kind: 'boolean', blank: false },
  errorType: { kind: 'text', blank: null, maxLength: 255 },
  requestBytes: { kind: 'count', blank: null },
  responseBytes: { kind: 'count', blank: null },
  remoteAddr: { kind: 'text', blank: null, maxLength: 45 },
  xForwardedFor: { kind: 'text', blank: null, maxLength: 512 },
  authorization: { kind: 'boolean', blank: false },
  username: { kind: 'text', blank: null, maxLength: 255 },
  userAgent: { kind: 'userAgent', blank: Object.freeze(blanksOf(USER_AGENT_PARTS)) },
  bot: { kind: 'boolean', blank: false },
  ipInfo: { kind: 'json', blank: null },
  visitor: { kind: 'text', blank: null, maxLength: 64 },
  trackVar: { kind: 'json', blank: null },
  weight: { kind: 'number', blank: 1 },
} as const satisfies Table<UsageRecord>;

/** The names of the fields of one kind. */
export type FieldName<Kind extends FieldKind> = {
  [Name in keyof UsageRecord]: (typeof FIELDS)[Name]['kind'] extends Kind ? Name : never;
}[keyof UsageRecord];

/** The fields with their names, in their order. */
export const FIELD_ENTRIES = Object.entries(FIELDS) as readonly (readonly [keyof UsageRecord, Field])[];

/** The names of the fields of one kind, in their order. */
export function fieldsOf<Kind extends FieldKind>(kind: Kind): FieldName<Kind>[] {
  return FIELD_ENTRIES.flatMap(([name, field]) => (field.kind === kind ? [name as FieldName<Kind>] : []));
}

/**
 * A record of which nothing is known. A draft is a copy of it and no literal: V8 watches how long what a literal makes lives,
 * and where that is long, as in a queue, has it made among the old objects, which take far more to collect.
 */
export const BLANK: Readonly<UsageRecordDraft> = {
  // V8 keeps all fields of what JSON.parse makes in the object itself, and so those of its copies.
  ...(JSON.parse(JSON.stringify(blanksOf(FIELDS))) as UsageRecordDraft),
  date: FIELDS.date.blank,
  userAgent: FIELDS.userAgent.blank,
};

function blanksOf<Of>(table: { readonly [Name in keyof Of]: Field<unknown, Of[Name]> }): Of {
  const fields: [string, Field][] = Object.entries(table);
  return Object.fromEntries(fields.map(([name, { blank }]) => [name, blank])) as Of;
}
