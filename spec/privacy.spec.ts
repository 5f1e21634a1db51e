import { readFile } from 'node:fs/promises';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { Get, JsonController, Param, Post } from 'routing-controllers';
import { Deprecated, Tracked, TrackedController, renderInventory } from '../src/index.js';
import { SqlStorage, type UsageRepository } from '../src/backends/sql/index.js';
import { makeRecord } from './support/records.js';
import { type Served, serve } from './support/serve.js';

@TrackedController({ ip: 'none', params: { id: 'redact' } })
@JsonController('/patients')
class PatientController {
  @Tracked({ query: ['page'], sampleRate: 0.1, name: 'search' })
  @Get('/')
  find() {
    return [];
  }

  @Tracked({ data: false })
  @Get('/:id')
  one(@Param('id') id: string) {
    return { id };
  }
}

@JsonController('/orders')
class OrderController {
  @Deprecated({ since: '2026-01-01', replacement: '/clinic/v2/orders' })
  @Tracked()
  @Post('/')
  create() {
    return {};
  }

  @Get('/draft')
  draft() {
    return [];
  }
}

describe('The page about privacy', () => {
  let storage: SqlStorage;
  let served: Served;

  before(async () => {
    storage = await SqlStorage.connect({ driver: SqliteDriver, dbName: ':memory:' });
    served = await serve({
      controllers: [PatientController, OrderController],
      routing: { routePrefix: '/clinic' },
      tracker: {
        storage,
        serverName: 'clinic',
        keepUserAgent: false,
        respect: { gpc: 'anonymize' },
        retention: { records: { days: 395 } },
      },
    });
  });

  after(() => served.close());

  it('shows the inventory as it is', async () => {
    const inventory = served.usage.tracker.inventory();
    const actions = inventory.actions.filter(({ route }) => route.startsWith('/clinic/'));
    const page = await readFile('docs/privacy.md', 'utf8');
    const [, example] = /```text\n([\s\S]*?)```/.exec(page) ?? [];
    expect(renderInventory({ ...inventory, actions })).to.equal(example);
    expect(actions.map(({ retentionDays }) => retentionDays)).to.deep.equal([395, 395, 395, 395]);
  });

  it('deletes what is held of a person, and nothing else', async () => {
    const kept = [makeRecord({ username: 'eve' }), makeRecord({ username: null })];
    const fresh = [makeRecord({ username: 'ada' }), makeRecord({ username: 'ada' }), ...kept];
    await storage.store(fresh, new AbortController().signal);
    const repository = storage.provides[0]?.value as UsageRepository;
    expect(await repository.nativeDelete({ username: 'ada' })).to.equal(2);
    expect(await storage.reader.getUsage({ username: 'ada' })).to.deep.equal([]);
    expect(await storage.reader.countUsage()).to.equal(2);
  });
});
