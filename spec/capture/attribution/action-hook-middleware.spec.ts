import { expect } from 'chai';
import type { Context, Next } from 'koa';
import {
  Get,
  HttpError,
  JsonController,
  type KoaMiddlewareInterface,
  Middleware,
  Post,
  UploadedFile,
  UploadedFiles,
  UseAfter,
  UseBefore,
  getMetadataArgsStorage,
} from 'routing-controllers';
import { TrackedController } from '../../../src/index.js';
import { ask, askRecord } from '../../support/ask.js';
import { type Served, serve } from '../../support/serve.js';

function answer429(context: Context): void {
  context.status = 429;
  context.body = 'slow down';
}

function throw429(): never {
  throw Object.assign(new HttpError(429, 'slow down'), { status: 429 });
}

async function reject429(): Promise<never> {
  throw Object.assign(new HttpError(429, 'slow down'), { status: 429 });
}

class Answering implements KoaMiddlewareInterface {
  async use(context: Context): Promise<void> {
    answer429(context);
  }
}

class Throwing implements KoaMiddlewareInterface {
  async use(): Promise<never> {
    throw new HttpError(429, 'slow down');
  }
}

class Passing implements KoaMiddlewareInterface {
  use(context: Context, next: Next): Promise<void> {
    context.set('x-passed', 'yes');
    return next();
  }
}

@TrackedController()
@JsonController('/limited')
class LimitedActions {
  @UseBefore(answer429)
  @Get('/function/answers')
  functionAnswers() {
    return {};
  }

  @UseBefore(throw429)
  @Get('/function/throws')
  functionThrows() {
    return {};
  }

  @UseBefore(reject429)
  @Get('/function/rejects')
  functionRejects() {
    return {};
  }

  @UseBefore(async (_context: Context, next: Next) => {
    try {
      await next();
    } catch {
      throw new SyntaxError('of the handling');
    }
  })
  @Get('/function/replaces')
  functionReplaces() {
    throw new RangeError('of the action');
  }

  @UseBefore(Answering)
  @Get('/class/answers')
  classAnswers() {
    return {};
  }

  @UseBefore(Throwing)
  @Get('/class/throws')
  classThrows() {
    return {};
  }

  @UseBefore(Passing)
  @Get('/class/passes')
  classPasses() {
    return {};
  }

  @UseAfter(reject429)
  @Get('/after/rejects')
  afterRejects() {
    return {};
  }
}

@TrackedController()
@UseBefore(Passing, answer429)
@JsonController('/closed')
class ClosedController {
  @Get('/')
  list() {
    return [];
  }
}

@TrackedController()
@JsonController('/uploads')
class UploadController {
  @Post('/one')
  one(@UploadedFile('file', { options: { limits: { fileSize: 10 } } }) file: { size: number }) {
    return { size: file.size };
  }

  @Post('/many')
  many(@UploadedFiles('files', { options: { limits: { fileSize: 10 } } }) files: object[]) {
    return { files: files.length };
  }
}

function upload(name: string, ...sizes: number[]): RequestInit {
  const body = new FormData();
  for (const size of sizes) body.append(name, new Blob(['x'.repeat(size)]), 'x.txt');
  return { method: 'POST', body };
}

describe("a controller's own middleware", () => {
  for (const defaultErrorHandler of [true, false]) {
    describe(`with default error handler ${defaultErrorHandler}`, () => {
      let served: Served;
      before(async () => {
        served = await serve({
          controllers: [LimitedActions, ClosedController, UploadController],
          routing: { defaultErrorHandler },
        });
      });
      after(() => served.close());

      const unhandled = defaultErrorHandler ? 429 : 500;
      const cases: [url: string, action: string, status: number, errorType: string | null][] = [
        ['/limited/function/answers', 'functionAnswers', 429, null],
        ['/limited/function/throws', 'functionThrows', 429, 'HttpError'],
        ['/limited/function/rejects', 'functionRejects', 429, 'HttpError'],
        ['/limited/class/answers', 'classAnswers', 429, null],
        ['/limited/class/throws', 'classThrows', unhandled, 'HttpError'],
        ['/limited/class/passes', 'classPasses', 200, null],
        ['/limited/after/rejects', 'afterRejects', 429, 'HttpError'],
        ['/closed', 'list', 429, null],
      ];
      for (const [url, action, expected, errorType] of cases) {
        it(`${url} is booked on ${action} with ${expected}`, async () => {
          const { status, record } = await askRecord(served, url);
          expect(status).to.equal(expected);
          expect(record).to.include({ status, action, route: url, errorType });
        });
      }

      for (const [url, field] of [['/uploads/one', 'file'] as const, ['/uploads/many', 'files'] as const]) {
        it(`${url} is booked on its action, though what was uploaded is too large`, async () => {
          const { status, record } = await askRecord(served, url, upload(field, 11));
          expect(status).to.equal(500);
          expect(record).to.include({ status: 500, route: url, errorType: 'MulterError' });
          expect(record.controller).to.equal('UploadController');
        });

        it(`${url} is booked without an error where the upload fits`, async () => {
          // Below the limit: multer 1 refuses what is just as large.
          const { status, record } = await askRecord(served, url, upload(field, 9));
          expect(status).to.equal(200);
          expect(record).to.include({ status: 200, route: url, errorType: null });
          expect(record.requestBytes).to.be.greaterThan(9);
        });
      }
    });
  }
});

describe('an error that is made of another', () => {
  it('leaves the record with the first, which the action threw', async () => {
    const served = await serve({
      controllers: [LimitedActions],
      routing: { defaultErrorHandler: false },
    });
    try {
      const { status, record } = await askRecord(served, '/limited/function/replaces');
      expect(status).to.equal(500);
      expect(record).to.include({ status: 500, action: 'functionReplaces', errorType: 'RangeError' });
    } finally {
      await served.close();
    }
  });
});

describe('middleware of the whole server', () => {
  const storage = getMetadataArgsStorage();
  const others = storage.middlewares;
  let served: Served;
  let classes: Function[];

  // Where no middlewares are named, every one of the process is used: these may not outlive their specs.
  before(() => {
    @Middleware({ type: 'before' })
    class Early implements KoaMiddlewareInterface {
      async use(context: Context, next: Next): Promise<void> {
        if (context.path === '/limited/class/answers') throw new RangeError('too early');
        context.set('x-early', 'yes');
        await next();
      }
    }
    @Middleware({ type: 'after' })
    class Late implements KoaMiddlewareInterface {
      async use(context: Context, next: Next): Promise<void> {
        await next();
        if (context.query['late'] === 'throw') throw new RangeError('too late');
        if (context.status === 404) context.body = 'late';
      }
    }
    classes = [Early, Late];
    storage.middlewares = storage.middlewares.filter(({ target }) => classes.includes(target));
  });
  after(() => {
    storage.middlewares = others.filter(({ target }) => !classes.includes(target));
  });
  afterEach(() => served.close());

  for (const given of [true, false]) {
    const how = given ? 'is given' : 'is not given';
    it(`runs around the attributed action where the option middlewares ${how}`, async () => {
      served = await serve({
        controllers: [LimitedActions],
        routing: given ? { middlewares: classes } : {},
      });
      const { status, headers, records } = await ask(served, '/limited/class/passes');
      expect([status, headers.get('x-early'), headers.get('x-passed')]).to.deep.equal([200, 'yes', 'yes']);
      expect(records).to.have.lengthOf(1);
      expect(records[0]).to.include({ action: 'classPasses', status: 200, errorType: null });
    });

    it(`leaves unmatched what it answers itself, and what it fails at, where the option ${how}`, async () => {
      served = await serve({
        controllers: [LimitedActions],
        routing: given ? { middlewares: classes } : {},
        tracker: { defaultPolicy: 'include', trackUnmatched: true },
      });
      const failed = await askRecord(served, '/limited/class/answers');
      expect(failed.status).to.equal(500);
      expect(failed.record).to.include({ status: 500, route: null, action: null });
      const late = await askRecord(served, '/nowhere');
      expect(late.status).to.equal(200);
      expect(late.record).to.include({ status: 200, route: null, action: null });
    });
  }

  it('that fails behind an action is booked on that action', async () => {
    served = await serve({ controllers: [LimitedActions], routing: { middlewares: classes } });
    const { status, record } = await askRecord(served, '/limited/class/passes?late=throw');
    expect(status).to.equal(500);
    expect(record).to.include({ status: 500, action: 'classPasses', errorType: 'RangeError' });
  });
});
