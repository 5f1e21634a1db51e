import type { MikroORM } from '@mikro-orm/core';
import { type UsageTable, configuredSchema } from '../usage-table.js';

/** Quotes an identifier as MySQL does under every `sql_mode`. */
export function quote(identifier: string): string {
  return `\`${identifier.replaceAll('`', '``')}\``;
}

/** The database that a table is in, if it is not that of the connection. MySQL has no other schemas. */
export function schemaOf(orm: MikroORM, { entity }: UsageTable): string | null {
  const schema = entity.schema ?? configuredSchema(orm);
  return schema === undefined || schema === '*' ? null : schema;
}

/** The table's name, quoted. */
export function quoteTable(orm: MikroORM, table: UsageTable): string {
  const schema = schemaOf(orm, table);
  return schema === null ? quote(table.name) : `${quote(schema)}.${quote(table.name)}`;
}
