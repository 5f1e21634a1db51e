import { quote } from './identifiers.js';

/** Deletes records before a date, the oldest first, and so many of them at most. */
export function deleteSql(tableName: string): string {
  const [table, id, date] = [quote(tableName), quote('id'), quote('date')];
  return `delete from ${table} where ${id} in (select ${id} from ${table} where ${date} < ? order by ${date}, ${id} limit ?)`;
}
