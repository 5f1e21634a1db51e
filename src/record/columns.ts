import { FIELD_ENTRIES, type Field, type FieldKind, USER_AGENT_PARTS } from './fields.js';
import type { JsonObject, UsageRecord, UserAgent } from './usage-record.js';

/** The name of the table or collection of records unless another is given. */
export const DEFAULT_TABLE_NAME = 'koa_usage';

/** A column as a property: a field of the record, or a part of its user agent, which lies flat. */
export type ColumnProperty = Exclude<keyof UsageRecord, 'userAgent'> | `ua${Capitalize<keyof UserAgent>}`;

/** A column of a table of records. */
export interface UsageColumn {
  readonly property: ColumnProperty;
  /** The column's name in the database: the property in lower case, with underscores. */
  readonly name: string;
  readonly kind: Exclude<FieldKind, 'userAgent'>;
  readonly isNullable: boolean;
  /** The longest text, in UTF-16 code units; undefined for other kinds. */
  readonly maxLength: number | undefined;
}

/** What a column can hold, before a dialect makes it its own. */
export type ColumnValue = string | number | boolean | Date | null;

/** The columns in the order in which they are written. */
export const USAGE_COLUMNS: readonly UsageColumn[] = FIELD_ENTRIES.flatMap(([name, field]) =>
  field.kind === 'userAgent'
    ? Object.entries(USER_AGENT_PARTS).map(([part, text]) =>
        columnOf(`ua${part.charAt(0).toUpperCase()}${part.slice(1)}`, text),
      )
    : columnOf(name, field),
);

function columnOf(property: string, { kind, blank, maxLength }: Field): UsageColumn {
  return {
    property: property as ColumnProperty,
    name: property.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    kind: kind as UsageColumn['kind'],
    isNullable: blank === null,
    maxLength,
  };
}

/**
 * The values of a record for {@link USAGE_COLUMNS}, in their order: JSON as text, dates as dates. They are written out because V8
 * then takes half the time that a function for each column takes. A spec compares them with the columns.
 *
 * @throws if a value of the record cannot be JSON
 */
export function valuesOf(record: UsageRecord): ColumnValue[] {
  const { userAgent } = record;
  return [
    record.id,
    record.date,
    record.durationMs,
    record.serverName,
    record.method,
    record.url,
    record.path,
    record.route,
    json(record.query),
    record.controller,
    record.action,
    json(record.params),
    record.status,
    record.aborted,
    record.errorType,
    record.requestBytes,
    record.responseBytes,
    record.remoteAddr,
    record.xForwardedFor,
    record.authorization,
    record.username,
    userAgent.browser,
    userAgent.version,
    userAgent.platform,
    userAgent.language,
    userAgent.string,
    record.bot,
    json(record.ipInfo),
    record.visitor,
    json(record.trackVar),
    record.weight,
  ];
}

function json(value: JsonObject | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
