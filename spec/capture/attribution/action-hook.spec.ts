import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  Get,
  HttpError,
  JsonController,
  KoaDriver,
  Param,
  UseBefore,
  useKoaServer,
} from 'routing-controllers';
import { installActionHook } from '../../../src/capture/attribution/action-hook.js';
import { type UsageLogger, Tracked, TrackedController, Untracked, trackUsage } from '../../../src/index.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { ask, askRecord } from '../../support/ask.js';
import { type ServedBare, serveBare } from '../../support/serve-bare.js';
import { run } from '../../support/run.js';
import { type Served, serve } from '../../support/serve.js';

@JsonController('/shop')
class ShopController {
  @Get('/plain/:id')
  plain(@Param('id') id: number) {
    return { id };
  }

  @Tracked()
  @Get('/tracked')
  tracked() {
    return {};
  }

  @Untracked()
  @Get('/untracked')
  untracked() {
    return {};
  }
}

@TrackedController()
@JsonController('/other')
class OtherController {
  @Get('/')
  list() {
    return [];
  }
}

@TrackedController()
@JsonController('/fails')
class FailingController {
  @Get('/action')
  action() {
    throw new HttpError(418);
  }

  @UseBefore(() => {
    throw new RangeError('before');
  })
  @Get('/before')
  before() {
    return {};
  }
}

function loggerInto(lines: string[]): UsageLogger {
  return {
    warn: (line) => lines.push(`warn ${line}`),
    error: (line) => lines.push(`error ${line}`),
  };
}

async function summary(served: Served): Promise<(string | null)[][]> {
  return (await served.records()).map(({ serverName, route }) => [serverName, route]);
}

function driverMethods(): unknown[] {
  const { registerAction, handleError } = Object.getOwnPropertyDescriptors(KoaDriver.prototype);
  return [registerAction?.value, handleError?.value];
}

describe('the driver hook', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  async function start(...options: Parameters<typeof serve>): Promise<Served> {
    return opening(await serve(...options));
  }
  async function startBare(...options: Parameters<typeof serveBare>): Promise<ServedBare> {
    return opening(await serveBare(...options));
  }
  function opening<Closable extends { close(): Promise<unknown> }>(closable: Closable): Closable {
    opened.push(closable);
    return closable;
  }
  afterEach(async () => {
    for (const closable of opened.splice(0)) await closable.close();
  });

  it('is installed once, however many trackers are made', async () => {
    const first = trackUsage({ storage: new MemoryStorage() });
    const wrapped = driverMethods();
    const second = trackUsage({ storage: new MemoryStorage() });
    installActionHook();
    expect(driverMethods()).to.deep.equal(wrapped);
    await first.tracker.close();
    await second.tracker.close();
  });

  it('leaves the metadata of a controller as it was', async () => {
    const seen: number[] = [];
    // oxlint-disable-next-line typescript/unbound-method -- called with its driver below
    const { registerAction } = KoaDriver.prototype;
    KoaDriver.prototype.registerAction = function (metadata, execute) {
      registerAction.call(this, metadata, execute);
      seen.push(metadata.controllerMetadata.uses.length);
    };
    try {
      await start({ controllers: [ShopController] });
    } finally {
      KoaDriver.prototype.registerAction = registerAction;
    }
    expect(seen).to.deep.equal([0, 0, 0]);
  });

  it('lets each of two servers track by its own policy', async () => {
    const controllers = [ShopController, OtherController];
    const excluding = await start({ controllers, tracker: { serverName: 'excluding' } });
    const including = await start({
      controllers,
      routing: { routePrefix: '/v2' },
      tracker: { serverName: 'including', defaultPolicy: 'include', trackUnmatched: true },
    });
    for (const url of ['/shop/plain/7', '/shop/tracked', '/shop/untracked', '/other', '/nowhere']) {
      await ask(excluding, url);
      await ask(including, `/v2${url}`);
    }
    expect(await summary(excluding)).to.deep.equal([
      ['excluding', '/shop/tracked'],
      ['excluding', '/other'],
    ]);
    expect(await summary(including)).to.deep.equal([
      ['including', '/v2/shop/plain/:id'],
      ['including', '/v2/shop/tracked'],
      ['including', '/v2/other'],
      ['including', null],
    ]);
  });

  it('lets a server without a tracker be', async () => {
    const tracked = await start({ controllers: [FailingController] });
    const bare = await startBare((app) => useKoaServer(app, { controllers: [FailingController] }));
    for (const [url, status] of [['/fails/action', 418] as const, ['/fails/before', 500] as const]) {
      const response = await fetch(bare.origin + url);
      expect([url, response.status]).to.deep.equal([url, status]);
    }
    expect(await tracked.records()).to.deep.equal([]);
  });

  it('makes one record where the same middleware is mounted twice', async () => {
    const storage = new MemoryStorage();
    const usage = trackUsage({ storage });
    const served = await start({
      controllers: [ShopController],
      tracker: { storage },
      before: [usage],
      between: [usage],
    });
    await ask(served, '/shop/tracked');
    await usage.tracker.flush();
    expect(storage.records).to.have.lengthOf(1);
    expect(usage.tracker.stats().accepted).to.equal(1);
    await usage.tracker.close();
  });

  it('books the parameters of the action that ran, whatever matches later', async () => {
    @TrackedController()
    @JsonController('/rooms')
    class Rooms {
      @Get('/:room')
      one(@Param('room') room: string) {
        return { room };
      }

      @Get('/:shadow')
      shadowed(@Param('shadow') shadow: string) {
        return { shadow };
      }
    }
    const served = await start({ controllers: [Rooms] });
    const { record } = await askRecord(served, '/rooms/blue');
    expect(record).to.deep.include({ action: 'one', route: '/rooms/:room', params: { room: 'blue' } });
  });

  it('warns once where the middleware is mounted behind the controllers', async () => {
    const said: string[] = [];
    const usage = trackUsage({ storage: new MemoryStorage(), logger: loggerInto(said) });
    const late = await startBare((app) => {
      useKoaServer(app, { controllers: [OtherController] });
      app.use(usage);
    });
    for (let round = 0; round < 3; round += 1) {
      const response = await fetch(`${late.origin}/other`);
      expect(response.status).to.equal(200);
    }
    expect(said).to.have.lengthOf(1);
    expect(said[0]).to.contain('warn').and.to.contain('app.use(trackUsage()) before useKoaServer(app)');
    expect(usage.tracker.health()).to.equal('degraded');
    await usage.tracker.close();
  });

  for (const paths of [['/late', '/late'], ['/late/fails']]) {
    it(`says what to do where actions were registered before trackUsage(), by ${paths.length} requests`, async () => {
      const script = fileURLToPath(new URL('../../support/children/late-tracker.js', import.meta.url));
      const { stdout, stderr } = await run(process.execPath, [script, ...paths]);
      expect(stderr).to.equal('');
      const { lines, statuses, health, records } = JSON.parse(stdout) as {
        lines: string[];
        statuses: number[];
        health: string;
        records: number;
      };
      expect(health).to.equal('degraded');
      expect(statuses).to.deep.equal(paths.map((path) => (path.endsWith('fails') ? 418 : 200)));
      expect(records).to.equal(0);
      expect(lines).to.have.lengthOf(1);
      expect(lines[0]).to.contain('Call trackUsage() first');
    });
  }

  it('warns of nothing where the middleware is mounted in front', async () => {
    const said: string[] = [];
    const served = await start({
      controllers: [OtherController],
      tracker: { logger: loggerInto(said) },
    });
    await ask(served, '/other');
    await ask(served, '/nowhere');
    expect(said).to.deep.equal([]);
    expect(served.usage.tracker.health()).to.equal('ok');
  });
});
