import type { Options } from '@mikro-orm/core';
import { SqlStorage } from '../../src/backends/sql/index.js';
import type { ReadableUsageStorage } from '../../src/storage/usage-storage.js';
import { applicationOrm, poisonTrigger, temporaryFolder } from '../support/sqlite.js';
import type { OpenSubject } from './subject.js';

type Closable = ReadableUsageStorage & { close(): Promise<void> };

/** A storage, and more of them on what it keeps. */
export interface Storages {
  readonly storage: ReadableUsageStorage;
  /** Closes the storage, and opens another in its place. */
  readonly reopen: () => Promise<ReadableUsageStorage>;
  readonly openAnother: () => Promise<ReadableUsageStorage>;
  readonly close: () => Promise<void>;
}

/** Opens storages each of which has a connection of its own. `close` closes all of them. */
export async function openOwn(connect: () => Promise<Closable>): Promise<Storages> {
  const opened: Closable[] = [];
  const open = async (): Promise<Closable> => {
    const storage = await connect();
    opened.push(storage);
    return storage;
  };
  const storage = await open();
  return {
    storage,
    async reopen() {
      await storage.close();
      return open();
    },
    openAnother: open,
    close: async () => void (await Promise.all(opened.map((one) => one.close()))),
  };
}

/** Makes storages that share the application's connections, which stay open. */
export function shared(make: () => Closable): Storages {
  const storage = make();
  return {
    storage,
    async reopen() {
      await storage.close();
      return make();
    },
    openAnother: async () => make(),
    close: () => storage.close(),
  };
}

/**
 * How to open a storage on an SQLite file of its own.
 *
 * @param execute - runs a statement in the file as another program would
 */
export function onOwnFile(
  connect: (file: string) => Promise<SqlStorage>,
  execute: (file: string, sql: string) => Promise<void>,
): OpenSubject {
  return async () => {
    const folder = await temporaryFolder();
    const file = folder.file('usage.db');
    const own = await openOwn(() => connect(file));
    return {
      ...own,
      poison: (ids) => execute(file, poisonTrigger(ids)),
      async close() {
        await own.close();
        await folder.remove();
      },
    };
  };
}

/** How to open a storage on an application's MikroORM for SQLite, in memory. */
export function onApplicationOrm(options: () => Partial<Options> = () => ({})): OpenSubject {
  return async () => {
    const orm = await applicationOrm(options());
    return {
      ...shared(() => new SqlStorage(orm)),
      async poison(ids) {
        await orm.em.getConnection().execute(poisonTrigger(ids));
      },
      close: () => orm.close(true),
    };
  };
}
