import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { SqlStorage } from '../../src/backends/sql/index.js';
import { describeOn } from '../support/describe-on.js';
import { connectPostgres } from '../support/postgresql.js';
import { childEnvironment } from '../support/run.js';
import type { FreshDatabase } from '../support/servers.js';
import { connectSqlite, useTemporaryFolder } from '../support/sqlite.js';
import { expectSurvived, noteBefore } from '../support/summary-crashes.js';
import { OPERATIONS, type OperationName, prepareFor } from '../support/summary-operations.js';
import { DAY_MS } from '../support/summarized.js';

const SCRIPT = fileURLToPath(new URL('../support/children/summary-operation.js', import.meta.url));

/** The beginning of a day that is some days past, so that all of it is over. */
const START_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS - 8 * DAY_MS;

/** Before which call a process is killed. Images of every moment are looked at by another spec, without a process for each. */
const CALLS: Readonly<Record<OperationName, number>> = {
  fold: 9,
  merge: 41,
  refold: 31,
  prune: 9,
  rebuild: 57,
  erase: 21,
};

/** Has a process do something until it is killed. */
async function killedAt(database: string, operation: OperationName, call: number): Promise<void> {
  const child = spawn(process.execPath, [SCRIPT, database, operation, `${START_MS}`, `${call}`, 'SIGKILL'], {
    env: childEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = text(child.stderr);
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect({ signal, said: await said }).to.deep.equal({ signal: 'SIGKILL', said: '' });
}

async function survives(
  operation: OperationName,
  database: string,
  open: () => Promise<SqlStorage>,
): Promise<void> {
  const first = await open();
  await prepareFor(operation, first, START_MS);
  const before = await noteBefore(operation, first, START_MS);
  await first.close();
  await killedAt(database, operation, CALLS[operation]);
  const storage = await open();
  try {
    await expectSurvived(storage, before);
  } finally {
    await storage.close();
  }
}

describe('summaries', function killed() {
  this.timeout(60_000);
  const operations = Object.keys(OPERATIONS) as OperationName[];

  describe('in a file of SQLite', () => {
    const folder = useTemporaryFolder();

    for (const operation of operations) {
      it(`are exact after a process was killed in the midst of: ${operation}`, async () => {
        const file = folder.file('usage.db');
        await survives(operation, file, () => connectSqlite(file));
      });
    }
  });

  describeOn('postgresql', (server) => {
    let database: FreshDatabase;

    beforeEach(async () => {
      database = await server().freshDatabase();
    });

    afterEach(() => database.drop());

    for (const operation of operations) {
      it(`are exact after a process was killed in the midst of: ${operation}`, () =>
        survives(operation, database.url, () => connectPostgres(database)));
    }
  });
});
