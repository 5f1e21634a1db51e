import { copyFile, stat } from 'node:fs/promises';
import { expect } from 'chai';
import { SqlStorage, usageEntities } from '../../src/backends/sql/index.js';
import { connectSqlite, initOrm, useTemporaryFolder } from './sqlite.js';
import { type Before, expectSurvived, noteBefore } from './summary-crashes.js';
import { OPERATIONS, type OperationName, prepareFor, watchCalls } from './summary-operations.js';
import { DAY_MS } from './summarized.js';

/** The beginning of a day that is some days past, so that all of it is over. */
const START_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS - 8 * DAY_MS;

/** Looks at what processes leave that die before any call while they do something with summaries in a file of SQLite. */
export function describeCrashes(operations: readonly OperationName[]): void {
  const folder = useTemporaryFolder();

  /** Copies what is on the disk between two calls: what a process leaves that is killed there. */
  async function copy(from: string, to: string): Promise<void> {
    for (const part of ['', '-wal'])
      if (await stat(from + part).catch(() => null)) await copyFile(from + part, to + part);
  }

  async function prepared(operation: OperationName, file: string): Promise<Before> {
    const storage = await connectSqlite(file);
    await prepareFor(operation, storage, START_MS);
    const before = await noteBefore(operation, storage, START_MS);
    await storage.close();
    return before;
  }

  for (const operation of operations) {
    it(`are exact after a process died between any two steps of: ${operation}`, async () => {
      const file = folder.file('usage.db');
      const before = await prepared(operation, file);
      const storage = await connectSqlite(file);
      let calls = 0;
      watchCalls(storage, async () => {
        calls += 1;
        await copy(file, folder.file(`image${calls}.db`));
      });
      await OPERATIONS[operation](storage, START_MS);
      await storage.close();
      expect(calls).to.be.above(5);
      for (let call = 1; call <= calls; call += 1) {
        // On an application's ORM there is no thread, which would take longer to begin than all of the rest.
        const orm = await initOrm({ dbName: folder.file(`image${call}.db`), entities: usageEntities() });
        try {
          await expectSurvived(new SqlStorage(orm), before);
        } catch (error) {
          throw new Error(`A process that dies before the call ${call} of ${calls}`, { cause: error });
        } finally {
          await orm.close(true);
        }
      }
    });
  }
}
