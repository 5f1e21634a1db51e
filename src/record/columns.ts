import { FIELD_ENTRIES, type Field, type FieldKind, USER_AGENT_PARTS } from './fields.js';
import type { JsonObject, UsageRecord, UserAgent } from './usage-record.js';

/** A column as a property: a field of the record, or a part of its user agent, which lies flat. */
export type ColumnProperty = Exclude<keyof UsageRecord, 'userAgent'> | `ua${Capitalize<keyof UserAgent>}`;

/** A column of a table of records. */
export interface UsageColumn {
  readonly property: ColumnProperty;
  /** What it is called in the database: the property in lower case, with underscores. */
  readonly name: string;
  readonly kind: Exclude<FieldKind, 'userAgent'>;
  readonly isNullable: boolean;
  /** The longest text, in UTF-16 code units; undefined for what is not text. */
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
 * What a record has in each of {@link USAGE_COLUMNS}. JSON is text, dates are dates. They are written out, as V8 reads a record
 * so in half the time that one function a column takes; a spec compares them with the columns.
 *
 * @throws if something in it cannot be JSON
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
