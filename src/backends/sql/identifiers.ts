import type { UsageTable } from './usage-table.js';

/** Quotes an identifier as standard SQL does, and with it PostgreSQL and SQLite. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** The name of a table with its schema. Where it has none, the server's search_path decides, for reading too. */
export function quoteTable({ schema, name }: Pick<UsageTable, 'schema' | 'name'>): string {
  return schema === null ? quote(name) : `${quote(schema)}.${quote(name)}`;
}
