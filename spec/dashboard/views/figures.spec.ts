import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { UsageReports } from '../../../src/report/usage-reports.js';
import type { UsageStorage } from '../../../src/storage/usage-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { cli } from '../../support/cli.js';
import { type JsonRow, cellsOf } from '../../support/dashboard-cells.js';
import { type PageTable, tablesIn, textOfClass, textsOfClass } from '../../support/dashboard-tables.js';
import { type Folded, fillWorld } from '../../support/dashboard-world.js';
import { type ServedDashboard, serveDashboard } from '../../support/dashboards.js';
import { connectClickHouse } from '../../support/clickhouse.js';
import { describeOn } from '../../support/describe-on.js';
import { send } from '../../support/http-client.js';
import { connectMongo } from '../../support/mongo.js';
import { connectMySql } from '../../support/mysql.js';
import { parseHtml } from '../../support/parsed-html.js';
import { connectPostgres } from '../../support/postgresql.js';
import { NOW } from '../../support/reports.js';
import type { FreshDatabase } from '../../support/servers.js';
import { type TemporaryFolder, connectSqlite, temporaryFolder } from '../../support/sqlite.js';

/** Rows on a page. */
const PAGE_ROWS = 100;

type Span = readonly [query: string, args: readonly string[]];

/** The address, the command, where the rows are in the report, and the caption of the table. */
type PageOf = readonly [query: string, args: readonly string[], rows: string, caption: string];

/** Which days, service and callers figures are about, in an address and on the command line. */
const SPANS: readonly Span[] = [
  ['', []],
  ['&days=7&service=shop', ['--days', '7', '--service', 'shop']],
  ['&days=30&people=1', ['--days', '30', '--people']],
  ['&from=2026-05-01&to=2026-06-15', ['--from', '2026-05-01', '--to', '2026-06-15']],
];

/** Rows as a page has them: it begins with the newest day, and a report with the oldest. */
function newestFirst(rows: readonly JsonRow[]): readonly JsonRow[] {
  const startOf = (row: JsonRow): string => JSON.stringify(row['start']) ?? '';
  return rows.toSorted((one, other) => startOf(other).localeCompare(startOf(one)));
}

/** Each page with a report of its own. */
const PAGES: readonly PageOf[] = [
  ['view=endpoints', ['endpoints'], 'endpoints', 'Endpoints'],
  ['view=endpoints&verdict=unused', ['endpoints', '--verdict', 'unused'], 'endpoints', 'Endpoints'],
  ['view=callers', ['callers'], 'callers', 'Callers'],
  ['view=callers&method=GET&route=/old', ['callers', 'GET', '/old'], 'callers', 'Callers'],
  ['view=caller&username=ada', ['callers', '--caller', 'ada'], 'endpoints', 'Endpoints'],
  ['view=deprecations', ['deprecations'], 'deprecations', 'Deprecations'],
  ['view=gone', ['gone'], 'gone', 'Gone'],
  ['view=errors', ['errors'], 'errors', 'Errors'],
  ['view=traffic', ['traffic', '--all'], 'traffic', 'Traffic'],
  ['view=traffic&period=month', ['traffic', '--all', '--period', 'month'], 'traffic', 'Traffic'],
  ['view=status', ['status'], 'status', 'Status'],
];

describe('Figures of the dashboard', function figures() {
  this.timeout(60_000);
  let served: ServedDashboard;
  let folder: TemporaryFolder;
  let close: () => Promise<void>;
  const clock = new ManualClock(NOW);

  const start = async (open: () => Promise<UsageStorage>): Promise<void> => {
    folder = await temporaryFolder();
    const storage = await open();
    close = async () => storage.close?.();
    // A command closes what it has read.
    const { name, register, reader } = storage;
    const shared = { name, register, reader, store: () => Promise.reject(new Error('It is only read.')) };
    Object.assign(globalThis, { usageOfSpec: shared });
    const config = 'export default { storage: globalThis.usageOfSpec };';
    await writeFile(folder.file('koa-track-usage.config.mjs'), config);
    served = await serveDashboard({ reports: new UsageReports(storage, clock), authorize: () => true });
  };

  const finish = async (): Promise<void> => {
    await served.close();
    await close();
    await folder.remove();
  };

  const get = async (query: string): Promise<string> => {
    const { status, text } = await send(`${served.origin}/?${query}`);
    expect(status, query).to.equal(200);
    return text;
  };

  const print = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli(args, { cwd: folder.path, clock });
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    return stdout;
  };

  /** All rows of a page's table, a hundred at a time. */
  async function tableOf(query: string, caption: string): Promise<Pick<PageTable, 'titles' | 'rows'>> {
    const titles: string[] = [];
    const rows: (readonly string[])[] = [];
    do {
      const part = tablesIn(parseHtml(await get(`${query}&skip=${rows.length}`)))[caption];
      if (part === undefined) break;
      titles.splice(0, Infinity, ...part.titles);
      rows.push(...part.rows);
    } while (rows.length > 0 && rows.length % PAGE_ROWS === 0);
    return { titles, rows };
  }

  /** Compares the cells of a page with the report behind it. */
  async function compare([query, , rows, caption]: PageOf, [span]: Span): Promise<number> {
    const report = JSON.parse(await get(`${query}${span}&format=json`)) as JsonRow & {
      readonly asOf: string;
    };
    const expected = newestFirst(report[rows] as readonly JsonRow[]);
    const { titles, rows: cells } = await tableOf(query + span, caption);
    expect(cells).to.deep.equal(expected.map((row) => cellsOf(titles, row, report.asOf)));
    return expected.length;
  }

  /** Compares all that is told of a page with what the command line prints. */
  async function compareWithCommand([query, args, , caption]: PageOf, span: Span): Promise<void> {
    const [page, command] = [parseHtml(await get(query + span[0])), [...args, ...span[1]]];
    for (const format of ['json', 'csv'])
      expect(await get(`${query}${span[0]}&format=${format}`)).to.equal(
        await print(...command, `--${format}`),
      );
    const isLong = !['status', 'traffic'].includes(args[0] ?? '');
    const lines = (await print(...command, ...(isLong ? ['--all'] : []))).trimEnd().split('\n');
    const told = [textOfClass(page, 'headline') ?? '', ...textsOfClass(page, 'note')];
    expect(lines.slice(0, told.length)).to.deep.equal(told);
    const { titles, rows } = await tableOf(query + span[0], caption);
    const inLines = rows.length === 0 ? [] : [titles.map((title) => title.toUpperCase()), ...rows];
    // The command line prints columns that are as wide as they have to be.
    const printed = lines.slice(told.length).map(squeezed);
    const shown = inLines.map((cells) => squeezed(cells.join(' ')));
    // The command line begins with the oldest day.
    if (isLong) expect(printed).to.deep.equal(shown);
    else expect(printed).to.have.members(shown);
  }

  const squeezed = (line: string): string => line.trim().replaceAll(/ +/g, ' ');

  const areEqual = (spans: readonly Span[], printed: readonly Span[]): void => {
    for (const page of PAGES)
      it(`are those of the report and of the command line: ${page[0]}`, async () => {
        let found = 0;
        for (const span of spans) found += await compare(page, span);
        expect(found).to.be.above(0);
        for (const span of printed) await compareWithCommand(page, span);
      });
  };

  const OPENED: readonly (readonly [title: string, folded: Folded])[] = [
    ['records alone', 'nothing'],
    ['summaries', 'all'],
    ['summaries of one half, and records of the other', 'half'],
  ];
  for (const [title, folded] of OPENED)
    describe(`from ${title}`, () => {
      before(() =>
        start(async () => {
          const storage =
            folded === 'nothing' ? new MemoryStorage() : await connectSqlite(folder.file('usage.db'));
          await fillWorld(storage, folded);
          return storage;
        }),
      );
      after(finish);
      areEqual(
        folded === 'half' ? SPANS.slice(0, 1) : SPANS,
        folded === 'nothing' ? SPANS : SPANS.slice(0, 1),
      );
    });

  const SERVERS = [
    ['postgresql', (database: FreshDatabase) => connectPostgres(database)],
    ['mariadb', ({ url }: FreshDatabase) => connectMySql(url)],
    ['mongodb', (database: FreshDatabase) => connectMongo(database)],
    ['clickhouse', (database: FreshDatabase) => connectClickHouse(database)],
  ] as const;
  for (const [engine, connect] of SERVERS)
    describeOn(engine, (server) => {
      before(() =>
        start(async () => {
          const storage = await connect(await server().freshDatabase());
          // FerretDB takes a minute to fold.
          await fillWorld(storage, engine === 'mongodb' ? 'nothing' : 'all');
          return storage;
        }),
      );
      after(finish);
      areEqual(SPANS.slice(0, 1), []);
    });
});
