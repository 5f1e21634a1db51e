import { expect } from 'chai';
import { type AuthorizationChecker, Authorized, Get, JsonController, Post } from 'routing-controllers';
import { TrackedController } from '../../../src/index.js';
import { ask, askRecord } from '../../support/ask.js';
import { type Served, serve } from '../../support/serve.js';

@TrackedController()
@JsonController('/vault')
class VaultController {
  @Authorized()
  @Get('/door')
  door() {
    return 'open';
  }

  @Authorized(['admin', 'owner'])
  @Get('/safe/:number')
  safe() {
    return 'open';
  }

  @Authorized('owner')
  @Post('/safe')
  fill() {
    return 'full';
  }
}

@Authorized()
@JsonController('/guarded')
class GuardedController {
  @Get('/')
  list() {
    return [];
  }
}

const refuse: AuthorizationChecker = () => false;
const refuseLater: AuthorizationChecker = async () => false;

function start(authorizationChecker?: AuthorizationChecker, defaultErrorHandler = true): Promise<Served> {
  return serve({
    controllers: [VaultController, GuardedController],
    tracker: { defaultPolicy: 'include' },
    routing: { defaultErrorHandler, ...(authorizationChecker && { authorizationChecker }) },
  });
}

describe('a request that @Authorized turns away', () => {
  let served: Served;
  afterEach(() => served.close());

  for (const [how, checker] of [['at once', refuse] as const, ['later', refuseLater] as const]) {
    it(`${how} is booked on its action, as 401 without roles and as 403 with some`, async () => {
      served = await start(checker);
      const door = await askRecord(served, '/vault/door');
      expect(door.status).to.equal(401);
      expect(door.record).to.include({
        status: 401,
        controller: 'VaultController',
        action: 'door',
        route: '/vault/door',
        errorType: 'AuthorizationRequiredError',
      });
      const safe = await askRecord(served, '/vault/safe/7');
      expect(safe.status).to.equal(403);
      expect(safe.record).to.deep.include({
        status: 403,
        action: 'safe',
        route: '/vault/safe/:number',
        errorType: 'AccessDeniedError',
        params: { number: '7' },
      });
      const fill = await askRecord(served, '/vault/safe', { method: 'POST' });
      expect(fill.status).to.equal(403);
      expect(fill.record).to.include({ status: 403, action: 'fill' });
    });
  }

  it('is booked on its action where the whole controller is guarded', async () => {
    served = await start(refuse);
    const { status, record } = await askRecord(served, '/guarded');
    expect(status).to.equal(401);
    expect(record).to.include({ status: 401, controller: 'GuardedController', action: 'list' });
  });

  const failing: [string, AuthorizationChecker][] = [
    [
      'throws',
      () => {
        throw new RangeError('no directory');
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('no directory'))],
  ];
  for (const [how, checker] of failing) {
    for (const handled of [true, false]) {
      it(`by a checker that ${how} is booked with that error, default error handler ${handled}`, async () => {
        served = await start(checker, handled);
        const { status, record } = await askRecord(served, '/vault/door');
        expect(status).to.equal(500);
        expect(record).to.include({ status: 500, action: 'door', errorType: 'RangeError' });
      });
    }
  }

  it('is booked with the status that went out where the default error handler is off', async () => {
    served = await start(refuse, false);
    const { status, record } = await askRecord(served, '/vault/door');
    expect(status).to.equal(500);
    expect(record).to.include({ status: 500, action: 'door', errorType: 'AuthorizationRequiredError' });
  });

  it('for want of a checker is booked with the error that says so', async () => {
    served = await start();
    const { status, record } = await askRecord(served, '/vault/door');
    expect(status).to.equal(500);
    expect(record).to.include({
      status: 500,
      action: 'door',
      errorType: 'AuthorizationCheckerNotDefinedError',
    });
  });

  it('is not mistaken for one that was let in', async () => {
    served = await start((_action, roles: string[]) => roles.length === 0);
    const { record } = await askRecord(served, '/vault/door');
    expect(record).to.include({ status: 200, action: 'door', errorType: null });
    expect((await ask(served, '/vault/safe/1')).status).to.equal(403);
  });
});
