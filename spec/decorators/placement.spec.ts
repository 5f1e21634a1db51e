import { expect } from 'chai';
import {
  Authorized,
  Controller,
  Delete,
  Get,
  JsonController,
  Param,
  Post,
  UseInterceptor,
} from 'routing-controllers';
import { Tracked, TrackedController, Untracked, UntrackedController } from '../../src/index.js';
import { ask, askRecord, trackedOnes } from '../support/ask.js';
import { type Served, serve } from '../support/serve.js';

@JsonController('/single')
class SingleActions {
  @Tracked()
  @Get('/above')
  above() {
    return 'above';
  }

  @Get('/below')
  @Tracked()
  below() {
    return 'below';
  }

  @Get('/plain')
  plain() {
    return 'plain';
  }

  @Post('/posted')
  @Tracked()
  posted() {
    return 'posted';
  }

  @Tracked()
  @Delete('/deleted')
  deleted() {
    return 'deleted';
  }

  @Tracked()
  @Get('/twice/a')
  @Get('/twice/b')
  twice() {
    return 'twice';
  }

  @Tracked()
  @Tracked()
  @Get('/repeated')
  repeated() {
    return 'repeated';
  }
}

@TrackedController()
@JsonController('/json')
class DecoratedAboveJson {
  @Get('/all')
  all() {
    return 'all';
  }

  @Untracked()
  @Get('/but/above')
  butAbove() {
    return 'but';
  }

  @Get('/but/below')
  @Untracked()
  butBelow() {
    return 'but';
  }
}

@Controller('/html')
@TrackedController()
@TrackedController()
class DecoratedBelowController {
  @Get('/all')
  all() {
    return 'all';
  }
}

@UntrackedController()
@JsonController('/silent')
class SilentController {
  @Get('/all')
  all() {
    return 'all';
  }

  @Tracked()
  @Get('/but')
  but() {
    return 'but';
  }
}

@JsonController('/full')
class FullyDecorated {
  @Authorized()
  @UseInterceptor((_action: unknown, result: unknown) => ({ wrapped: result }))
  @Tracked()
  @Get('/:id')
  one(@Param('id') id: number) {
    return { id };
  }
}

const PATHS = [
  '/single/above',
  '/single/below',
  '/single/plain',
  '/single/twice/a',
  '/single/twice/b',
  '/single/repeated',
  '/json/all',
  '/json/but/above',
  '/json/but/below',
  '/html/all',
  '/silent/all',
  '/silent/but',
];
const CONTROLLERS = [SingleActions, DecoratedAboveJson, DecoratedBelowController, SilentController];

describe('decorators, wherever they stand', () => {
  let served: Served;
  afterEach(() => served.close());

  it("track what they say with the default policy 'exclude'", async () => {
    served = await serve({ controllers: CONTROLLERS });
    expect(await trackedOnes(served, PATHS)).to.deep.equal([
      '/single/above',
      '/single/below',
      '/single/twice/a',
      '/single/twice/b',
      '/single/repeated',
      '/json/all',
      '/html/all',
      '/silent/but',
    ]);
  });

  it("leave untracked what they say with the default policy 'include'", async () => {
    served = await serve({ controllers: CONTROLLERS, tracker: { defaultPolicy: 'include' } });
    const untracked = new Set(['/json/but/above', '/json/but/below', '/silent/all']);
    expect(await trackedOnes(served, PATHS)).to.deep.equal(PATHS.filter((path) => !untracked.has(path)));
  });

  it('work with every method, and tell the routes of one action apart', async () => {
    served = await serve({ controllers: CONTROLLERS });
    const posted = await askRecord(served, '/single/posted', { method: 'POST' });
    expect(posted.record).to.include({ method: 'POST', action: 'posted', route: '/single/posted' });
    const deleted = await askRecord(served, '/single/deleted', { method: 'DELETE' });
    expect(deleted.record).to.include({ method: 'DELETE', action: 'deleted', route: '/single/deleted' });
    const first = await askRecord(served, '/single/twice/a');
    const second = await askRecord(served, '/single/twice/b');
    expect([first.record.route, second.record.route]).to.deep.equal(['/single/twice/a', '/single/twice/b']);
    expect([first.record.action, second.record.action]).to.deep.equal(['twice', 'twice']);
  });

  it('make one record where they are repeated', async () => {
    served = await serve({ controllers: CONTROLLERS });
    const { record } = await askRecord(served, '/single/repeated');
    expect(record).to.include({ controller: 'SingleActions', action: 'repeated', status: 200 });
  });

  it('go with @Authorized, interceptors and a route prefix', async () => {
    served = await serve({
      controllers: [FullyDecorated],
      routing: { routePrefix: '/api', authorizationChecker: () => true },
    });
    const { text, records } = await ask(served, '/api/full/7');
    expect(JSON.parse(text)).to.deep.equal({ wrapped: { id: 7 } });
    expect(records).to.have.lengthOf(1);
    expect(records[0]).to.deep.include({
      route: '/api/full/:id',
      controller: 'FullyDecorated',
      action: 'one',
      params: { id: '7' },
    });
  });

  it('go with interceptors of the whole controller and of the server that throw', async () => {
    class Refuse {
      intercept(): never {
        throw new RangeError('intercepted');
      }
    }
    @TrackedController()
    @UseInterceptor(Refuse)
    @JsonController('/intercepted')
    class Intercepted {
      @Get('/')
      list() {
        return [];
      }
    }
    served = await serve({ controllers: [Intercepted] });
    const { status, record } = await askRecord(served, '/intercepted');
    expect(status).to.equal(500);
    expect(record).to.include({ status: 500, action: 'list', errorType: 'RangeError' });
  });
});
