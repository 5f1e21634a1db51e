import {
  DateTimeType,
  DoubleType,
  type EntityProperty,
  JsonType,
  type Platform,
  type RawQueryFragment,
  StringType,
  TextType,
  type TransformContext,
  type Type,
  raw,
} from '@mikro-orm/core';
import { utcDate } from '../base/usage-row.js';

/** A collation that every version of MySQL and MariaDB has: all of Unicode, compared by code points. */
const COLLATION = 'utf8mb4_bin';

/** Operators that compare whole values. `LIKE` and other operators read patterns, and compare without padding anyway. */
const COMPARISONS: ReadonlySet<string> = new Set(['$eq', '$ne', '$in', '$nin']);

/** The first moment that MySQL's `datetime` holds, and that PostgreSQL reads in ISO 8601. */
const EARLIEST = Date.parse('0001-01-01T00:00:00.000Z');

/** The last moment that every database knows, in milliseconds since 1970-01-01T00:00:00Z. */
export const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Whether a platform is MySQL's or MariaDB's, whose class is in a package that other databases do without. */
function isMySql(platform: Platform): boolean {
  return platform.getDefaultClientUrl().startsWith('mysql:');
}

/** MikroORM's own types, with the further kinds of values that the types below write. */
const PlainDateTimeType = DateTimeType as unknown as new () => Type<Date, Date | string>;
const PlainTextType = StringType as unknown as new () => Type<string, string | RawQueryFragment>;

/**
 * A date in UTC. MySQL's `datetime` knows no zone: MikroORM reads and writes it in the zone of its option `timezone`,
 * which is the application's. On other databases, this is MikroORM's own type.
 */
export class UtcDateTimeType extends PlainDateTimeType {
  /** @inheritdoc */
  override getColumnType(property: EntityProperty, platform: Platform): string {
    // MikroORM would read a property of the type `Date` in the zone of its option.
    if (isMySql(platform)) property.runtimeType = 'string';
    return super.getColumnType(property, platform);
  }

  /** @inheritdoc */
  override convertToDatabaseValue(
    value: Date,
    platform: Platform,
    context?: TransformContext,
  ): Date | string {
    if (!((value as unknown) instanceof Date)) return value;
    const bounded =
      context?.mode === 'query' ? new Date(Math.min(Math.max(value.getTime(), EARLIEST), LATEST)) : value;
    return isMySql(platform) ? mySqlDate(bounded) : bounded;
  }

  /** @inheritdoc */
  override convertToJSValue(value: Date | string): Date {
    return utcDate(value);
  }
}

/**
 * Text that is sent to MySQL and MariaDB as a hexadecimal literal. MikroORM writes values into its statements and escapes
 * them by backslashes, which a session with the `sql_mode` NO_BACKSLASH_ESCAPES reads as text: a quotation mark in a
 * value would end the text, and the rest of it would be SQL. On other databases, this is MikroORM's own type.
 */
export class LiteralTextType extends PlainTextType {
  /** @inheritdoc */
  override convertToDatabaseValue(
    value: string,
    platform: Platform,
    context?: TransformContext,
  ): string | RawQueryFragment {
    const isWritten = context?.mode === 'query' || context?.mode === 'query-data';
    return isWritten && typeof value === 'string' && isMySql(platform) ? raw(textLiteral(value)) : value;
  }
}

/**
 * Text that is compared to the last bit. MySQL's usual collations ignore case and accents, and even the column's own
 * ignores spaces at the end. On other databases, this is MikroORM's own type.
 */
export class ExactTextType extends LiteralTextType {
  /** @inheritdoc */
  override getColumnType(property: EntityProperty, platform: Platform): string {
    if (isMySql(platform)) Object.assign(property, { collation: COLLATION });
    return super.getColumnType(property, platform);
  }

  /** @inheritdoc */
  override convertToDatabaseValue(
    value: string,
    platform: Platform,
    context?: TransformContext,
  ): string | RawQueryFragment {
    const compares = context?.mode === 'query' && (context.key === undefined || COMPARISONS.has(context.key));
    if (!compares || typeof value !== 'string' || !isMySql(platform))
      return super.convertToDatabaseValue(value, platform, context);
    return raw(`cast(${bytesLiteral(value)} as binary)`);
  }
}

/**
 * JSON that is read as text: mysql2 would parse it, and make text of large numbers in it. JSON is written as a literal,
 * like {@link LiteralTextType}. On other databases, this is MikroORM's own type.
 */
export class ExactJsonType extends JsonType {
  /** @inheritdoc */
  override convertToDatabaseValue(
    value: unknown,
    platform: Platform,
    context?: TransformContext,
  ): string | null {
    const text = super.convertToDatabaseValue(value, platform, context);
    if (context?.mode !== 'query-data' || typeof text !== 'string' || !isMySql(platform)) return text;
    // MikroORM takes a fragment for any value; its type has no word for that.
    return raw<string>(textLiteral(text));
  }

  /** @inheritdoc */
  override convertToJSValueSQL(key: string, platform: Platform): string {
    return isMySql(platform) ? `cast(${key} as char)` : super.convertToJSValueSQL(key, platform);
  }

  /** @inheritdoc */
  override convertToJSValue(value: string, platform: Platform, context?: TransformContext): unknown {
    if (!isMySql(platform)) return super.convertToJSValue(value, platform, context);
    return typeof value === 'string' ? JSON.parse(value) : value;
  }
}

/**
 * A number that is read to the last bit. mysql2 adds up the digits of a text itself, and is off by a bit or two for one
 * number of fifty. On other databases, this is MikroORM's own type.
 */
export class ExactDoubleType extends DoubleType {
  /** @inheritdoc */
  override convertToJSValueSQL(key: string, platform: Platform): string {
    return isMySql(platform) ? `cast(${key} as char)` : key;
  }
}

/** Text of any length. MySQL's own type ends at 64 KB. */
export class LongTextType extends TextType {
  /** @inheritdoc */
  override getColumnType(property: EntityProperty, platform: Platform): string {
    return isMySql(platform) ? 'longtext' : super.getColumnType(property, platform);
  }
}

/** A literal of text that MySQL reads under every `sql_mode` and in every character set of the connection. */
export function textLiteral(text: string): string {
  return `_utf8mb4 ${bytesLiteral(text)}`;
}

/** A literal of a text's bytes. MySQL compares them one by one, but MariaDB only where they are cast to `binary`. */
function bytesLiteral(text: string): string {
  return `x'${Buffer.from(text, 'utf8').toString('hex')}'`;
}

/** A date in UTC, as MySQL writes it. */
export function mySqlDate(date: Date): string {
  return date.toISOString().slice(0, 23).replace('T', ' ');
}
