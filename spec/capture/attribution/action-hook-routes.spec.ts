import path from 'node:path';
import { expect } from 'chai';
import {
  All,
  Controller,
  Get,
  Head,
  JsonController,
  Param,
  Post,
  getMetadataArgsStorage,
} from 'routing-controllers';
import { ask, askRecord } from '../../support/ask.js';
import { type Served, serve } from '../../support/serve.js';

@JsonController('/users')
class MeFirst {
  @Get('/me')
  me() {
    return { me: true };
  }

  @Get('/:id')
  one(@Param('id') id: string) {
    return { id };
  }
}

@JsonController('/people')
class MeLast {
  @Get('/:id([0-9]+)')
  one(@Param('id') id: string) {
    return { id };
  }

  @Get('/me')
  me() {
    return { me: true };
  }

  @Get('/:name')
  byName(@Param('name') name: string) {
    return { name };
  }
}

@JsonController('/accounts')
class AllActions {
  @All('/me')
  me() {
    return { me: true };
  }

  @Get('/:id')
  one(@Param('id') id: string) {
    return { id };
  }

  @All('/:id/:part')
  part(@Param('id') id: string, @Param('part') part: string) {
    return { id, part };
  }
}

@JsonController('/accounts')
class SamePrefix {
  @Post('/:key')
  create(@Param('key') key: string) {
    return { key };
  }

  @Get('/:key')
  shadowed(@Param('key') key: string) {
    return { shadowed: key };
  }
}

@Controller()
class RootController {
  @Get()
  root() {
    return 'root';
  }

  @Get('/about')
  about() {
    return 'about';
  }
}

@JsonController('/bare')
class BareController {
  @Get()
  bare() {
    return { bare: true };
  }

  @Get('/trailing/')
  trailing() {
    return { trailing: true };
  }

  @Head('/asked')
  asked() {
    return { head: true };
  }
}

@JsonController()
class PlainPatterns {
  @Get(/^\/files\/(\d+)$/)
  file() {
    return { file: true };
  }
}

@JsonController('/archive')
class PrefixedPatterns {
  @Get(/\/(\d{4})/)
  year() {
    return { year: true };
  }
}

const INCLUDE = { defaultPolicy: 'include' } as const;

describe('the action that ran', () => {
  let served: Served;
  let prefixed: Served;
  const controllers = [
    MeFirst,
    MeLast,
    AllActions,
    SamePrefix,
    RootController,
    BareController,
    PlainPatterns,
    PrefixedPatterns,
  ];
  before(async () => {
    served = await serve({ controllers, tracker: INCLUDE });
    prefixed = await serve({ controllers, tracker: INCLUDE, routing: { routePrefix: '/api/v1' } });
  });
  after(async () => {
    await served.close();
    await prefixed.close();
  });

  const cases: [string, string, string, string, string, Record<string, string> | null][] = [
    ['GET', '/users/me', 'MeFirst', 'me', '/users/me', null],
    ['GET', '/users/7', 'MeFirst', 'one', '/users/:id', { id: '7' }],
    ['GET', '/people/7', 'MeLast', 'one', '/people/:id([0-9]+)', { id: '7' }],
    ['GET', '/people/me', 'MeLast', 'me', '/people/me', null],
    ['GET', '/people/ada', 'MeLast', 'byName', '/people/:name', { name: 'ada' }],
    ['GET', '/accounts/me', 'AllActions', 'me', '/accounts/me', null],
    ['POST', '/accounts/me', 'AllActions', 'me', '/accounts/me', null],
    ['PATCH', '/accounts/me', 'AllActions', 'me', '/accounts/me', null],
    ['GET', '/accounts/7', 'AllActions', 'one', '/accounts/:id', { id: '7' }],
    ['POST', '/accounts/7', 'SamePrefix', 'create', '/accounts/:key', { key: '7' }],
    ['DELETE', '/accounts/7/rows', 'AllActions', 'part', '/accounts/:id/:part', { id: '7', part: 'rows' }],
    ['GET', '/about', 'RootController', 'about', '/about', null],
    ['GET', '/bare', 'BareController', 'bare', '/bare', null],
    ['GET', '/bare/', 'BareController', 'bare', '/bare', null],
    ['GET', '/bare/trailing', 'BareController', 'trailing', '/bare/trailing', null],
    ['GET', '/users/%C3%A4%20b', 'MeFirst', 'one', '/users/:id', { id: 'ä b' }],
  ];
  for (const [method, url, controller, action, route, params] of cases) {
    it(`${method} ${url} is booked on ${controller}.${action}`, async () => {
      const plain = await askRecord(served, url, { method });
      expect(plain.status).to.equal(200);
      expect(plain.record).to.deep.include({ method, controller, action, route, params, status: 200 });
      const under = await askRecord(prefixed, `/api/v1${url}`, { method });
      expect(under.status).to.equal(200);
      expect(under.record).to.deep.include({ controller, action, route: `/api/v1${route}`, params });
    });
  }

  it('may be at the root of the server, or of its prefix', async () => {
    expect((await askRecord(served, '/')).record).to.include({ action: 'root', route: '/', path: '/' });
    const { record } = await askRecord(prefixed, '/api/v1');
    expect(record).to.include({ action: 'root', route: '/api/v1' });
  });

  it('answers HEAD where it is declared for GET', async () => {
    const { status, record } = await askRecord(served, '/users/me', { method: 'HEAD' });
    expect(status).to.equal(200);
    expect(record).to.include({ method: 'HEAD', action: 'me', route: '/users/me', responseBytes: 0 });
  });

  it('answers HEAD where it is declared for HEAD alone', async () => {
    const { record } = await askRecord(served, '/bare/asked', { method: 'HEAD' });
    expect(record).to.include({ method: 'HEAD', action: 'asked', route: '/bare/asked' });
  });

  it('may have a regular expression as its route', async () => {
    const { status, record } = await askRecord(served, '/files/42');
    expect(status).to.equal(200);
    expect(record).to.include({
      controller: 'PlainPatterns',
      action: 'file',
      route: String.raw`/^\/files\/(\d+)$/`,
    });
    expect(record.params).to.deep.equal({ 0: '42' });
  });

  it('may have a regular expression below the route of its controller', async () => {
    const { status, record } = await askRecord(served, '/archive/1999');
    expect(status).to.equal(200);
    expect(record).to.include({ controller: 'PrefixedPatterns', action: 'year' });
    const [layer] = routesOf(record.route);
    expect(layer?.test('/archive/1999')).to.equal(true);
    expect(layer?.test('/1999')).to.equal(false);
  });
});

/** A record's route, back from its text to the regular expression that it was. */
function routesOf(route: string | null): RegExp[] {
  const parts = /^\/(.*)\/([a-z]*)$/.exec(route ?? '');
  return parts ? [new RegExp(parts[1] ?? '', parts[2])] : [];
}

describe('controllers', () => {
  let served: Served;
  afterEach(() => served.close());

  it('are attributed where they are loaded by a glob', async () => {
    const glob = path.join(import.meta.dirname, '../../support/glob/*.controller.js');
    served = await serve({ controllers: [glob] });
    const { status, record } = await askRecord(served, '/books/42');
    expect(status).to.equal(200);
    expect(record).to.deep.include({
      controller: 'BookController',
      action: 'one',
      route: '/books/:isbn',
      params: { isbn: '42' },
    });
    expect((await askRecord(served, '/authors/first')).record).to.include({ controller: 'AuthorController' });
    for (const url of ['/books/health/check', '/authors/second']) {
      const { status: untracked, records } = await ask(served, url);
      expect([url, untracked, records.length]).to.deep.equal([url, 200, 0]);
    }
  });

  it('are attributed where they are loaded by a glob beside classes', async () => {
    const glob = path.join(import.meta.dirname, '../../support/glob/book.*.js');
    served = await serve({ controllers: [MeFirst, glob] as string[], tracker: INCLUDE });
    expect((await askRecord(served, '/books/1')).record.controller).to.equal('BookController');
    expect((await askRecord(served, '/users/1')).record.controller).to.equal('MeFirst');
    expect((await ask(served, '/books/health/check')).records).to.have.lengthOf(0);
  });

  it('are attributed where none are named and every one of the process is served', async () => {
    const storage = getMetadataArgsStorage();
    const all = storage.controllers;
    storage.controllers = all.filter(({ target }) => [MeFirst, RootController].includes(target as never));
    try {
      served = await serve({ controllers: [], tracker: INCLUDE });
    } finally {
      storage.controllers = all;
    }
    expect((await askRecord(served, '/users/me')).record).to.include({ controller: 'MeFirst', action: 'me' });
    expect((await askRecord(served, '/about')).record.controller).to.equal('RootController');
  });
});
