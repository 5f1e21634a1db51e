import { join } from 'node:path';
import type { Db } from 'mongodb';
import { OwnServer, type TestServer } from './servers/test-server.js';
import { openNative } from './sqlite.js';

type Poison = (ids: readonly string[]) => Promise<void>;

/**
 * How to have a collection refuse documents by their ids: on MongoDB by a validator of the user's own. FerretDB has
 * none, but it refuses single documents for a unique index, with the same error for each; see {@link poisonFile}.
 *
 * @returns undefined where a variable names a FerretDB, whose files are elsewhere
 */
export function mongoPoison(server: TestServer, db: Db, name: string): Poison | undefined {
  const collection = db.collection(name);
  if (!server.description.startsWith('FerretDB')) {
    return async (ids) => {
      // It makes the collection if it is missing.
      await collection.createIndex({ date: 1, _id: 1 });
      await db.command({ collMod: name, validator: { _id: { $nin: [...ids] } } });
    };
  }
  if (!(server instanceof OwnServer)) return undefined;
  return async (ids) => {
    // Any one: the writer looks for one when it is told of a duplicate.
    await collection.createIndex({ _id: 1, date: 1 }, { unique: true });
    await poisonFile(join(server.folder, 'data', `${db.databaseName}.sqlite`), name, ids);
  };
}

/**
 * Adds a trigger to a file of FerretDB's: whoever inserts one of these ids violates a unique constraint. FerretDB tells
 * nothing else apart from its own failures (internal/backends/sqlite/collection.go, `InsertAll`).
 */
async function poisonFile(file: string, collection: string, ids: readonly string[]): Promise<void> {
  const native = await openNative(file);
  try {
    const [found] = native.database
      .prepare('select table_name as name from _ferretdb_collections where name = ?')
      .all([collection]) as { name: string }[];
    const list = ids.map((id) => `'${id}'`).join(', ');
    native.database.exec(
      'create table if not exists poison (taken integer unique); insert or ignore into poison values (1); ' +
        `create trigger "poison_${collection}" before insert on "${found?.name}" ` +
        `when new._ferretdb_sjson ->> '$._id' in (${list}) begin insert into poison values (1); end`,
    );
  } finally {
    await native.close();
  }
}
