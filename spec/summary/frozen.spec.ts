import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { SummaryRow } from '../../src/storage/summary-store.js';
import type { SummaryReader } from '../../src/storage/usage-summary.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { connectClickHouse } from '../support/clickhouse.js';
import { describeOn } from '../support/describe-on.js';
import { connectPostgres } from '../support/postgresql.js';
import { makeRecord } from '../support/records.js';
import { childEnvironment } from '../support/run.js';
import { connectSqlite, useTemporaryFolder } from '../support/sqlite.js';
import { type SummarizingStorage, foldAll, prepareFor } from '../support/summary-operations.js';
import { DAY_MS, MINUTE_MS, answersOf } from '../support/summarized.js';

const SCRIPT = fileURLToPath(new URL('../support/children/summary-operation.js', import.meta.url));
const START_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS - 8 * DAY_MS;
const { signal } = new AbortController();

/** Calls before which a folder is stopped: it has looked and read, and has published nothing. */
const CALLS = [4, 7, 9];

/** A storage that answers from summaries. */
type Summarizing = SummarizingStorage & { readonly reader: SummaryReader };

describe('A folder that is stopped for longer than others wait for it', function stops() {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  let child: ChildProcess | null = null;

  afterEach(() => {
    child?.kill('SIGKILL');
    child = null;
  });

  /** Starts a process that stops itself in the midst of a fold. */
  async function stopped(database: string, call: number): Promise<ChildProcess> {
    const started = spawn(process.execPath, [SCRIPT, database, 'fold', `${START_MS}`, `${call}`, 'SIGSTOP'], {
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    await once(started.stdout, 'data');
    return started;
  }

  async function rowsOf({ summaries }: SummarizingStorage): Promise<SummaryRow[]> {
    const rows = (await summaries?.store.find({}, signal)) ?? [];
    return rows.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  }

  async function changesNothing(database: string, storage: Summarizing, call: number): Promise<void> {
    await prepareFor('fold', storage, START_MS);
    const frozen = await stopped(database, call);
    const late = [3, 8, 64, 700].map((minute) =>
      makeRecord({ date: new Date(START_MS + minute * MINUTE_MS), username: 'late' }),
    );
    await storage.store(late, signal);
    await storage.summaries?.settle();
    await foldAll(storage, Date.now() + 6 * 3_600_000);
    const before = await rowsOf(storage);
    expect(before.filter(({ kind }) => kind === 'touched' || kind === 'fold')).to.deep.equal([]);
    const memory = new MemoryStorage();
    await memory.store(await storage.reader.getUsage({ limit: 1000 }));
    const expected = await answersOf((query) => memory.getSummary(query as never));
    const answers = (): Promise<unknown[]> => answersOf((query) => storage.reader.getSummary(query as never));
    expect(await answers()).to.deep.equal(expected);
    frozen.kill('SIGCONT');
    expect(await once(frozen, 'exit')).to.deep.equal([0, null]);
    expect(await rowsOf(storage)).to.deep.equal(before);
    expect(await answers()).to.deep.equal(expected);
    expect((await storage.reader.getSummary({ by: 'caller', username: 'late' })).rows[0]?.hits).to.equal(4);
  }

  for (const call of CALLS) {
    it(`changes nothing when it goes on, in a file of SQLite, with its call ${call}`, async () => {
      const file = folder.file('usage.db');
      const storage = await connectSqlite(file);
      try {
        await changesNothing(file, storage, call);
      } finally {
        await storage.close();
      }
    });
  }

  describeOn('postgresql', (server) => {
    it('changes nothing when it goes on', async () => {
      const database = await server().freshDatabase();
      const storage = await connectPostgres(database);
      try {
        await changesNothing(database.url, storage, 7);
      } finally {
        await storage.close();
        await database.drop();
      }
    });
  });

  describeOn('clickhouse', (server) => {
    it('changes nothing when it goes on', async () => {
      const database = await server().freshDatabase();
      const storage = await connectClickHouse(database);
      try {
        await changesNothing(database.url, storage, 7);
      } finally {
        await storage.close();
        await database.drop();
      }
    });
  });
});
