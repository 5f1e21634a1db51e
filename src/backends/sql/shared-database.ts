import { DEFAULT_TABLE_NAME } from '../../record/columns.js';
import type { MikroORM } from '@mikro-orm/core';
import type { AbstractSqlConnection, AbstractSqlPlatform, SchemaHelper } from '@mikro-orm/sql';
import { CONNECT } from './connect-options.js';
import type { SqlDialect } from './dialect.js';
import { saltTableName } from './salt-table.js';
import { summaryTableName } from './summary-table.js';

/** The names of tables of records whose list an application has asked for. */
const asked = new Set<string>();

/**
 * The tables of a storage on a connection of its own, for the application's MikroORM on the same database:
 * `schemaGenerator: { skipTables: [...usageTables()] }`. Without it, `orm.schema.update()` and the first migration drop them,
 * as none of its entities has them. Ask for the list before `SqlStorage.connect`, which then does not warn.
 *
 * @param tableName - the option `tableName` of `SqlStorage.connect`. @default 'koa_usage'
 */
export function usageTables(tableName: string = DEFAULT_TABLE_NAME): string[] {
  asked.add(tableName);
  return [tableName, summaryTableName(tableName), saltTableName(tableName)];
}

/**
 * Warns, in one line, where a connection of our own leads into a database with tables of others.
 *
 * @param target - which database, without its password
 */
export async function warnOfOthers(
  orm: MikroORM,
  tableName: string,
  { sharingRisk }: Pick<SqlDialect, 'sharingRisk'>,
  target: string,
): Promise<void> {
  const argument = tableName === DEFAULT_TABLE_NAME ? '' : `'${tableName}'`;
  const drops =
    `If they are a MikroORM's, its schema.update() and first migration drop '${tableName}' with all records: give it ` +
    `schemaGenerator: { skipTables: [...usageTables(${argument})] }, of 'koa-track-usage/sql', before this call.`;
  const risks = [asked.has(tableName) ? '' : drops, sharingRisk ?? ''].filter((risk) => risk !== '');
  if (risks.length === 0) return;
  const helper = (orm.em.getPlatform() as AbstractSqlPlatform).getSchemaHelper() as SchemaHelper;
  const connection = orm.em.getConnection('write') as AbstractSqlConnection;
  // Where the tables cannot be listed, the storage works all the same.
  const tables = await helper.getAllTables(connection).catch(() => []);
  const ours = tableName.toLowerCase();
  const other = tables.find(
    ({ table_name: name }) => !name.toLowerCase().startsWith(ours) && !name.startsWith('sqlite_'),
  );
  if (other === undefined) return;
  process.emitWarning(
    `koa-track-usage: ${CONNECT}: the database ${target} has tables of others, such as '${other.table_name}'. ` +
      `${risks.join(' ')} Or give usage a database of its own.`,
    { code: 'KOA_TRACK_USAGE_SHARED_DATABASE' },
  );
}
