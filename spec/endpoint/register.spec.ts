import { expect } from 'chai';
import { Get, JsonController, Post } from 'routing-controllers';
import { readRegister } from '../../src/endpoint/read-register.js';
import type { EndpointRegister, RegisteredEndpoint } from '../../src/endpoint/register.js';
import { Tracked, TrackedController, Untracked } from '../../src/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { type Served, serve } from '../support/serve.js';
import { until } from '../support/until.js';

const { signal } = new AbortController();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ALWAYS = { startMs: 0, endMs: Date.parse('2100-01-01') };

@JsonController('/users')
@TrackedController()
class UsersController {
  @Get('/:id') get(): object {
    return {};
  }
  @Post('/') @Tracked({ sampleRate: 0.5 }) create(): object {
    return {};
  }
  @Get('/:id/secret') @Untracked() secret(): object {
    return {};
  }
}

@JsonController('/users')
@TrackedController()
class OldController {
  @Get('/:id') get(): object {
    return {};
  }
  @Get('/:id/pets') pets(): object {
    return {};
  }
}

describe('The register of endpoints', () => {
  let storage: MemoryStorage;
  let clock: ManualClock;
  const opened: Served[] = [];

  beforeEach(() => {
    storage = new MemoryStorage();
    clock = new ManualClock(new Date('2026-03-01T12:00:00Z'));
  });

  afterEach(async () => {
    for (const served of opened.splice(0)) await served.close();
  });

  async function start(controllers: Function[], version: string): Promise<Served> {
    const tracker = { storage, clock, version, ignorePaths: ['/users/ignored'] };
    const served = await serve({ controllers, tracker });
    opened.push(served);
    return served;
  }

  const read = (span = ALWAYS): Promise<EndpointRegister> => readRegister(storage.register, span, signal);

  async function find(route: string): Promise<RegisteredEndpoint | undefined> {
    return (await read()).endpoints.find((endpoint) => endpoint.route === route);
  }

  it('says what a tracker declares, and since when', async () => {
    await start([UsersController], '1.0.0');
    await clock.advance(20_000);
    await until(async () => (await read()).endpoints.length > 0, 'it is there');
    expect(await find('/users/:id')).to.deep.equal({
      service: 'spec',
      method: 'GET',
      route: '/users/:id',
      controller: 'UsersController',
      action: 'get',
      tracked: true,
      sampleRate: 1,
      deprecation: null,
      recordsDays: null,
      keep: null,
      firstDeclared: new Date('2026-03-01T12:00:00Z'),
      lastDeclared: new Date('2026-03-01T12:00:10Z'),
      trackedSince: new Date('2026-03-01T12:00:00Z'),
      firstVersion: '1.0.0',
      lastVersion: '1.0.0',
      isDeclared: true,
      goneSince: null,
      watchedDays: 1,
      lowestSampleRate: 1,
      skipped: {},
    });
    expect(await find('/users')).to.include({ method: 'POST', sampleRate: 0.5, lowestSampleRate: 0.5 });
    expect(await find('/users/:id/secret')).to.include({
      tracked: false,
      trackedSince: null,
      watchedDays: 0,
    });
  });

  it('counts days, and the requests that were skipped', async () => {
    const served = await start([UsersController], '1.0.0');
    await clock.advance(20_000);
    for (const path of ['/users/ignored', '/users/5']) await (await fetch(served.origin + path)).text();
    for (let hour = 0; hour < 50; hour += 1) await clock.advance(HOUR_MS);
    await until(async () => (await read()).days.length === 3, 'three days are there');
    const { days } = await read();
    expect(days.map(({ accepted, instances, unclosed }) => [accepted, instances, unclosed])).to.deep.equal([
      [1, 1, 0],
      [0, 1, 0],
      [0, 1, 0],
    ]);
    expect(await find('/users/:id'))
      .to.include({ watchedDays: 3 })
      .and.deep.include({ skipped: { ignored: 1 } });
  });

  it('knows what is gone, and records who still calls it', async () => {
    const old = await start([OldController], '1.0.0');
    await clock.advance(20_000);
    await until(async () => (await read()).endpoints.length === 2, 'the old ones are there');
    await old.close();
    await clock.advance(DAY_MS);
    const served = await start([UsersController], '2.0.0');
    await clock.advance(20_000);
    await until(async () => (await find('/users'))?.isDeclared === true, 'the new ones are there');
    expect(await find('/users/:id/pets')).to.include({
      isDeclared: false,
      lastVersion: '1.0.0',
      trackedSince: null,
    });
    expect(await find('/users/:id')).to.include({
      isDeclared: true,
      firstVersion: '1.0.0',
      lastVersion: '2.0.0',
    });
    for (const path of ['/users/5/pets?x=1', '/users/5/nothing', '/users/6'])
      await (await fetch(served.origin + path)).text();
    await served.records();
    expect(
      storage.records.map(({ route, path, status, controller }) => [route, path, status, controller]),
    ).to.deep.equal([
      ['/users/:id/pets', '/users/:id/pets', 404, null],
      ['/users/:id', '/users/6', 200, 'UsersController'],
    ]);
  });
});
