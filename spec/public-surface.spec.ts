import { readFile } from 'node:fs/promises';
import { expect } from 'chai';

/** What users can import at run time. A name that goes is a breaking change; one that comes is a promise. */
const SURFACE: Record<string, readonly string[]> = {
  '.': [
    'Deprecated',
    'PrinterStorage',
    'StorageToken',
    'TrackUsageError',
    'Tracked',
    'TrackedController',
    'TrackerToken',
    'Untracked',
    'UntrackedController',
    'UsageData',
    'UsageReaderToken',
    'UsageReports',
    'defineSummary',
    'deprecated',
    'summarizeUsage',
    'hashUser',
    'isSummaryReader',
    'renderCsv',
    'renderInventory',
    'renderJson',
    'renderMarkdown',
    'renderTable',
    'track',
    'trackUsage',
    'tracked',
    'untracked',
  ],
  './cli': ['defineConfig'],
  './dashboard': ['basicAuth', 'usageDashboard'],
  './clickhouse': ['ClickHouseStorage', 'clickHouseTables'],
  './geo': ['httpGeo', 'maxmindGeo'],
  './jetstream': ['JetStreamStorage', 'consumeUsage'],
  './mongo': ['MongoPiggybackStorage', 'MongoStorage', 'Usage', 'UsageRepository', 'defineUsage'],
  './sql': [
    'SqlStorage',
    'Usage',
    'UsageRepository',
    'UsageSalt',
    'UsageSummaries',
    'defineUsage',
    'defineUsageSalt',
    'defineUsageSummaries',
    'usageEntities',
    'usageTables',
  ],
  './storage': [
    'JSON_LIMITS',
    'TEXT_LIMITS',
    'checkDeletion',
    'isSelected',
    'resolveUsageCountQuery',
    'resolveUsagePageQuery',
    'resolveUsageQuery',
    'resolveUsageStreamQuery',
    'streamUsagePages',
    'usagePageOf',
  ],
  './testing': [
    'ManualClock',
    'MemoryStorage',
    'assertInventory',
    'makeRecord',
    'makeRecords',
    'storageContract',
    'writeInventory',
    'writeRoutes',
  ],
};

describe('The public surface', () => {
  it('has these entry points', async () => {
    const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as { exports: object };
    expect(Object.keys(exports)).to.have.members([...Object.keys(SURFACE), './package.json']);
  });

  for (const [entry, names] of Object.entries(SURFACE)) {
    it(`exports these names from '${entry}'`, async () => {
      const module = (await import(`koa-track-usage${entry.slice(1)}`)) as object;
      expect(Object.keys(module)).to.have.members(names);
    });
  }
});
