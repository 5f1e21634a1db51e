import { expect } from 'chai';
import { All, Get, JsonController, Post } from 'routing-controllers';
import {
  type InventoryEntry,
  Tracked,
  TrackedController,
  Untracked,
  renderInventory,
} from '../../src/index.js';
import { type Served, serve } from '../support/serve.js';

@TrackedController({ ip: 'none', params: { ward: 'redact' } })
@JsonController('/inventory/patients')
class PatientController {
  @Tracked({ query: ['page'], sampleRate: 0.1, name: 'search' })
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
}

describe('The inventory', () => {
  let served: Served;

  before(async () => {
    served = await serve({
      controllers: [PatientController, PlainController],
      routing: { routePrefix: '/api' },
      tracker: { sampleRate: () => 1 },
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
      'POST /api/inventory/patients/:ward|special admit true class none  ',
      'ALL /api/inventory/patients/health health false method none  ',
      'GET /api/inventory/plain list false default truncate  ',
    ]);
    expect(entries().find(({ action }) => action === 'admit')?.params).to.deep.equal({ ward: 'redact' });
  });

  it('is data that JSON can hold', () => {
    const inventory = served.usage.tracker.inventory();
    expect(JSON.parse(JSON.stringify(inventory))).to.deep.equal(inventory);
    expect(inventory).to.deep.include({
      serverName: 'spec',
      storages: [{ name: 'memory', retentionDays: null }],
    });
  });

  it('is a table of as many columns in every row', () => {
    const page = renderInventory({ ...served.usage.tracker.inventory(), actions: entries() });
    const rows = page.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).to.have.lengthOf(2 + 4);
    for (const line of rows) expect(line.split(/(?<!\\)\|/), line).to.have.lengthOf(11);
  });
});
