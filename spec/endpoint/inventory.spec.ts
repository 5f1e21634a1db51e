import { expect } from 'chai';
import { All, Get, JsonController, Post } from 'routing-controllers';
import {
  type InventoryApplication,
  type InventoryEntry,
  Deprecated,
  type TrackUsageOptions,
  Tracked,
  TrackedController,
  Untracked,
  renderInventory,
  trackUsage,
} from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { ask } from '../support/ask.js';
import { type Served, serve } from '../support/serve.js';

@Deprecated({ since: '2026-01-01', replacement: '/v2/patients' })
@TrackedController({ ip: 'none', params: { ward: 'redact' }, keep: 'asked for by the auditor' })
@JsonController('/inventory/patients')
class PatientController {
  @Tracked({ query: ['page'], sampleRate: 0.1, name: 'search', keep: 'runs at the end of the year' })
  @Deprecated({ since: '2026-06-01', sunset: '2026-12-31T22:00:00Z', link: '/news' })
  @Get('/')
  find() {
    return [];
  }

  @Post('/:ward|special')
  admit() {
    return {};
  }

  @Untracked()
  @All('/health')
  health() {
    return {};
  }
}

@JsonController('/inventory/plain')
class PlainController {
  @Get('/')
  list() {
    return [];
  }

  @Tracked()
  @Get('/:ward')
  one() {
    return {};
  }
}

/** What is told of options that are not as they are by default. */
const OPTIONS: readonly (readonly [TrackUsageOptions, Partial<InventoryApplication>])[] = [
  [{ defaultPolicy: 'include', trackUnmatched: true }, { trackUnmatched: true }],
  [{ ignorePaths: ['/health', /\.png$/i] }, { ignorePaths: ['/health', String.raw`/\.png$/i`] }],
  [{ ignore: () => false }, { ignore: true }],
  [{ bots: 'skip' }, { bots: 'skip' }],
  [{ respect: { gpc: 'skip', dnt: 'anonymize' } }, { respect: { gpc: 'skip', dnt: 'anonymize' } }],
  [{ keepErrors: true }, { keepErrors: true }],
  [{ trustProxy: 'loopback' }, { trustProxy: true }],
  [{ geo: () => null }, { geo: true }],
  [{ user: () => undefined }, { user: 'function' }],
  [{ visitors: true }, { visitorSaltHours: 48 }],
  [{ keepUserAgent: false }, { keepUserAgent: false }],
  [{ redact: () => undefined }, { redact: true }],
  [
    { ip: 'full', query: ['q'], sampleRate: 0.5 },
    { ip: 'full', query: ['q'], sampleRate: 0.5 },
  ],
  [
    { summaries: false, retention: { records: { days: 30 } } },
    { retentionDays: 30, summaries: null },
  ],
  [
    { summaries: { dimensions: ['caller'] }, retention: { records: { days: 7 }, callers: { days: 9 } } },
    { retentionDays: 7, summaries: { dimensions: ['caller'], personal: ['caller'], personalDays: 9 } },
  ],
];

describe('The inventory', () => {
  let served: Served;

  before(async () => {
    served = await serve({
      controllers: [PatientController, PlainController],
      routing: { routePrefix: '/api' },
      tracker: { sampleRate: () => 1, query: ['page'], params: { ward: 'redact' } },
    });
  });

  after(() => served.close());

  function entries(): readonly InventoryEntry[] {
    return served.usage.tracker.inventory().actions.filter(({ route }) => route.startsWith('/api/inventory'));
  }

  it('lists each action with what is recorded of it, and who said so', () => {
    const found = entries().map(({ method, route, action, tracked, decidedBy, ip, query, sampleRate }) =>
      [method, route, action, tracked, decidedBy, ip, query.join(), sampleRate].join(' '),
    );
    expect(found).to.have.members([
      'GET /api/inventory/patients search true method none page 0.1',
      'POST /api/inventory/patients/:ward|special admit true class none page ',
      'ALL /api/inventory/patients/health health false method none page ',
      'GET /api/inventory/plain list false default truncate page ',
      'GET /api/inventory/plain/:ward one true method truncate page ',
    ]);
    expect(entries().find(({ action }) => action === 'admit')?.params).to.deep.equal({ ward: 'redact' });
  });

  it('tells which actions are deprecated, and why an action is kept', () => {
    const found = entries().map(({ route, deprecation, keep }) => ({ route, deprecation, keep }));
    const classes = {
      since: '2026-01-01T00:00:00.000Z',
      sunset: null,
      replacement: '/v2/patients',
      link: null,
    };
    const [search, admit] = found;
    expect(search).to.deep.include({
      deprecation: { ...classes, sunset: '2026-12-31T22:00:00.000Z', link: '/news' },
      keep: 'runs at the end of the year',
    });
    expect(admit).to.deep.include({ deprecation: classes, keep: 'asked for by the auditor' });
    expect(found.at(-1)).to.deep.include({ deprecation: null, keep: null });
  });

  it('lists an action once that several servers of the process have, and each route that it has on them', async () => {
    const again = await serve({ controllers: [PlainController], routing: { routePrefix: '/api' } });
    const elsewhere = await serve({ controllers: [PlainController], routing: { routePrefix: '/internal' } });
    const { actions } = served.usage.tracker.inventory();
    await again.close();
    await elsewhere.close();
    const routes = actions.map(({ route }) => route).filter((route) => route.includes('/inventory/plain'));
    expect(routes).to.have.members([
      '/api/inventory/plain',
      '/api/inventory/plain/:ward',
      '/internal/inventory/plain',
      '/internal/inventory/plain/:ward',
    ]);
  });

  it('is data that JSON can hold', () => {
    const inventory = served.usage.tracker.inventory();
    expect(JSON.parse(JSON.stringify(inventory))).to.deep.equal(inventory);
    expect(inventory).to.deep.include({
      serverName: 'spec',
      storages: [{ name: 'memory', retentionDays: null }],
    });
  });

  it('says what holds for requests that it does not list', () => {
    expect(served.usage.tracker.inventory().application).to.deep.include({
      ip: 'truncate',
      query: ['page'],
      params: { ward: 'redact' },
      data: true,
      sampleRate: null,
      retentionDays: null,
      trackUnmatched: false,
    });
  });

  it('says what every option does that concerns who called', async () => {
    const plain = trackUsage({ storage: new MemoryStorage() });
    const { application } = plain.tracker.inventory();
    await plain.tracker.close();
    const defaults = {
      ignorePaths: [],
      ignore: false,
      bots: 'tag',
      respect: { gpc: 'ignore', dnt: 'ignore' },
      keepErrors: false,
      trustProxy: false,
      geo: false,
      user: 'basic',
      visitorSaltHours: null,
      keepUserAgent: true,
      redact: false,
      summaries: {
        dimensions: ['endpoint', 'caller', 'endpointCaller', 'status', 'client', 'server'],
        personal: ['caller', 'endpointCaller'],
        personalDays: null,
      },
    };
    expect(application).to.deep.include(defaults);
    for (const [options, told] of OPTIONS) {
      const usage = trackUsage({ storage: new MemoryStorage(), ...options });
      const said = usage.tracker.inventory().application;
      await usage.tracker.close();
      expect(said, JSON.stringify(told)).to.deep.equal({ ...application, ...told });
    }
  });

  it('is a copy, whose changes change no record', async () => {
    const inventory = served.usage.tracker.inventory();
    const plain = inventory.actions.find(({ route }) => route === '/api/inventory/plain');
    for (const { query, params } of [inventory.application, plain ?? inventory.application]) {
      (query as string[]).push('mail');
      (params as Record<string, string>)['ward'] = 'keep';
    }
    (inventory.application.respect as { gpc: string }).gpc = 'skip';
    for (const { deprecation } of inventory.actions)
      if (deprecation !== null) (deprecation as { since: string }).since = 'never';
    await ask(served, '/api/inventory/plain/7?mail=ada@example.org', { headers: { 'sec-gpc': '1' } });
    const again = served.usage.tracker.inventory();
    expect(again.application.respect.gpc).to.equal('ignore');
    expect(again.actions.filter(({ deprecation }) => deprecation?.since === 'never')).to.deep.equal([]);
    expect(again.actions.find(({ route }) => route === '/api/inventory/plain')?.query).to.deep.equal([
      'page',
    ]);
    expect((await served.records()).map(({ query, params }) => [query, params])).to.deep.equal([
      [null, { ward: 'REDACTED' }],
    ]);
  });

  it('is a table of as many columns in every row', () => {
    const page = renderInventory({ ...served.usage.tracker.inventory(), actions: entries() });
    const rows = page.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).to.have.lengthOf(2 + 5 + 2);
    for (const line of rows) expect(line.split(/(?<!\\)\|/), line).to.have.lengthOf(12);
    expect(rows[2]).to.include(
      '| deprecated since 2026-01-01; may stop on 2026-12-31T22:00:00.000Z; replaced by /v2/patients; see /news; kept: runs at the end of the year |',
    );
    expect(rows[3]).to.include('| deprecated since 2026-01-01; replaced by /v2/patients; kept: asked');
    for (const line of rows.slice(5)) expect(line).to.match(/\| – \|$/);
  });
});
