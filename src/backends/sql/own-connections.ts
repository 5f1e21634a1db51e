import type { MikroORM } from '@mikro-orm/core';
import type { SqlDialect } from './dialect.js';
import type { UsageTable } from './usage-table.js';

/** The connections of our own: which dialect writes on them, and into which table, if at all. */
export const OWN_CONNECTIONS = new WeakMap<
  MikroORM,
  { readonly dialect: SqlDialect; readonly table: UsageTable; readonly isReadOnly: boolean }
>();
