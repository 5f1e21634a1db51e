import type { UsageTable } from './usage-table.js';

/** Quotes an identifier as standard SQL does, and with it PostgreSQL and SQLite. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** The table with its schema, where it has one; otherwise the server's search_path decides, as it does for reading. */
export function quoteTable({ schema, name }: Pick<UsageTable, 'schema' | 'name'>): string {
  return schema === null ? quote(name) : `${quote(schema)}.${quote(name)}`;
}
