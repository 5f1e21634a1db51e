/**
 * Data as rows hold it: JSON in base64. Clients of MySQL escape quotation marks by backslashes, which a session with the `sql_mode`
 * NO_BACKSLASH_ESCAPES reads as text; and a database in another character set than UTF-8 would change what is not ASCII.
 */
export function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}

/** Data of a row. */
export function decode(data: string): unknown {
  return JSON.parse(Buffer.from(data, 'base64').toString());
}
