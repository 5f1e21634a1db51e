/**
 * Text as a literal of ClickHouse's SQL, which reads escapes with a backslash under all settings. Values are written into statements:
 * parameters would go into the URL, which has no room for the ids of a batch.
 */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** A list of texts for `in`. */
export function quotedList(texts: readonly string[]): string {
  return `(${texts.map(quoted).join(', ')})`;
}

/** A name of a table, a column or a cluster. */
export function named(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** The first and the last moment of `DateTime64(3)`, in milliseconds since 1970. */
const FIRST_MS = Date.parse('1900-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('2299-12-31T23:59:59.999Z');

/** A moment as a literal: one that the type does not reach is the first or the last that it does. */
export function moment(date: Date): string {
  return `fromUnixTimestamp64Milli(${Math.min(Math.max(date.getTime(), FIRST_MS), LAST_MS)})`;
}
