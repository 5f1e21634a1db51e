import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
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

  /** What is on the disk between two calls: what a process leaves that is killed there. */
  async function imageOf(file: string): Promise<readonly (readonly [part: string, content: Buffer])[]> {
    const parts = ['', '-wal'].map(
      async (part) => [part, await readFile(file + part).catch(() => null)] as const,
    );
    return (await Promise.all(parts)).flatMap(([part, content]) =>
      content === null ? [] : [[part, content]],
    );
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
      /** The first of the calls before which the disk was as it was then: most calls read. */
      const images = new Map<string, number>();
      watchCalls(storage, async () => {
        calls += 1;
        const image = await imageOf(file);
        const hash = createHash('sha256');
        for (const [part, content] of image) hash.update(`${part} ${content.length} `).update(content);
        const digest = hash.digest('hex');
        if (images.has(digest)) return;
        images.set(digest, calls);
        for (const [part, content] of image) await writeFile(folder.file(`image${calls}.db${part}`), content);
      });
      await OPERATIONS[operation](storage, START_MS);
      await storage.close();
      expect(images.size).to.be.above(5);
      for (const call of images.values()) {
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
