import { IsInt, Min } from 'class-validator';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import {
  BadRequestError,
  Body,
  Controller,
  CurrentUser,
  Get,
  HttpError,
  JsonController,
  NotFoundError,
  OnUndefined,
  Param,
  Post,
  QueryParam,
  SessionParam,
  createParamDecorator,
} from 'routing-controllers';
import { TrackedController } from '../../../src/index.js';
import { askRecord } from '../../support/ask.js';
import { type Served, serve } from '../../support/serve.js';

class Parcel {
  @IsInt()
  @Min(1)
  grams = 0;
}

class StockError extends HttpError {
  constructor() {
    super(409, 'out of stock');
    // HttpError's constructor makes every instance one of HttpError.
    Object.setPrototypeOf(this, StockError.prototype);
  }
}

const throwing: ParameterDecorator = createParamDecorator({
  value() {
    throw new SyntaxError('parameter');
  },
}) as unknown as ParameterDecorator;

@TrackedController()
@JsonController('/fails')
class FailingController {
  @Get('/http')
  http() {
    throw new HttpError(418, 'teapot');
  }

  @Get('/own')
  own() {
    throw new StockError();
  }

  @Get('/not-found')
  async notFound() {
    throw new NotFoundError();
  }

  @Get('/type')
  type() {
    return (undefined as unknown as { x: number }).x;
  }

  @Get('/rejects')
  async rejects() {
    throw new RangeError('later');
  }

  @Get('/string')
  string() {
    // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- the subject
    throw 'just text';
  }

  @Get('/undefined')
  undefined() {
    return undefined;
  }

  @OnUndefined(BadRequestError)
  @Get('/undefined/error')
  undefinedError() {
    return undefined;
  }

  @OnUndefined(204)
  @Get('/undefined/fine')
  undefinedFine() {
    return undefined;
  }

  @Get('/number/:id')
  number(@Param('id') id: number) {
    return { id };
  }

  @Get('/required')
  required(@QueryParam('q', { required: true }) q: string) {
    return { q };
  }

  @Post('/body')
  body(@Body() parcel: Parcel) {
    return parcel;
  }

  @Get('/user')
  user(@CurrentUser() user: string) {
    return { user };
  }

  @Get('/user/required')
  userRequired(@CurrentUser({ required: true }) user: string) {
    return { user };
  }

  @Get('/session')
  session(@SessionParam('cart') cart: string) {
    return { cart };
  }

  @Get('/parameter')
  parameter(@throwing value: string) {
    return { value };
  }
}

@TrackedController()
@Controller('/texts')
class FailingTexts {
  @Get('/http')
  http() {
    throw new HttpError(418, 'teapot');
  }
}

type Failure = [url: string, handled: number, unhandled: number, errorType: string | null, action: string];

/** What the client gets with routing-controllers' error handler, and with Koa's own. */
const FAILURES: Failure[] = [
  ['/fails/http', 418, 500, 'HttpError', 'http'],
  ['/fails/own', 409, 500, 'StockError', 'own'],
  ['/fails/not-found', 404, 500, 'NotFoundError', 'notFound'],
  ['/fails/type', 500, 500, 'TypeError', 'type'],
  ['/fails/rejects', 500, 500, 'RangeError', 'rejects'],
  ['/fails/string', 500, 500, 'string', 'string'],
  ['/fails/undefined', 404, 500, 'NotFoundError', 'undefined'],
  ['/fails/undefined/error', 400, 500, 'BadRequestError', 'undefinedError'],
  ['/fails/undefined/fine', 204, 204, null, 'undefinedFine'],
  ['/fails/number/seven', 400, 500, 'InvalidParamError', 'number'],
  ['/fails/required', 400, 500, 'ParamRequiredError', 'required'],
  ['/fails/user', 500, 500, 'EvalError', 'user'],
  ['/fails/user/required', 500, 500, 'EvalError', 'userRequired'],
  ['/fails/session', 500, 500, 'TypeError', 'session'],
  ['/fails/parameter', 500, 500, 'SyntaxError', 'parameter'],
  ['/texts/http', 418, 500, 'HttpError', 'http'],
];

const handler: Middleware = async (context, next) => {
  try {
    await next();
  } catch (error) {
    context.status = (error as { httpCode?: number }).httpCode ?? 503;
    context.body = { handled: true };
  }
};

function start(defaultErrorHandler: boolean, around: { before?: Middleware[]; between?: Middleware[] } = {}) {
  return serve({
    controllers: [FailingController, FailingTexts],
    routing: {
      defaultErrorHandler,
      currentUserChecker: () => {
        throw new EvalError('who?');
      },
    },
    ...around,
  });
}

const POST_BODY: RequestInit = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"grams":-1}',
};

describe('an action that fails', () => {
  let served: Served;
  afterEach(() => served.close());

  const setups: [string, () => Promise<Served>, (failure: Failure) => number][] = [
    ["routing-controllers' error handler", () => start(true), ([, handled]) => handled],
    ["Koa's own error handler", () => start(false), ([, , unhandled]) => unhandled],
    [
      'an error handler between the tracker and the controllers',
      () => start(false, { between: [handler] }),
      ([, handled]) => (handled === 500 ? 503 : handled),
    ],
    [
      'an error handler in front of the tracker',
      () => start(false, { before: [handler] }),
      ([, handled]) => (handled === 500 ? 503 : handled),
    ],
    [
      "routing-controllers' error handler and one of the application",
      () => start(true, { between: [handler] }),
      // Only what the driver itself fails to handle gets that far.
      ([url, handled]) => (url === '/fails/session' ? 503 : handled),
    ],
  ];
  for (const [setup, open, statusOf] of setups) {
    it(`is booked with its error and the status that went out, with ${setup}`, async () => {
      served = await open();
      for (const failure of FAILURES) {
        const [url, , , errorType, action] = failure;
        const { status, record } = await askRecord(served, url);
        expect([url, status]).to.deep.equal([url, statusOf(failure)]);
        expect(record, url).to.include({ status, errorType, action, aborted: false });
      }
      const { status, record } = await askRecord(served, '/fails/body', POST_BODY);
      expect(record).to.include({
        status,
        errorType: 'BadRequestError',
        action: 'body',
        route: '/fails/body',
      });
      expect(status).to.equal(statusOf(['/fails/body', 400, 500, 'BadRequestError', 'body']));
    });
  }

  it('keeps the parameters of the route, though their values were refused', async () => {
    served = await start(true);
    const { status, record } = await askRecord(served, '/fails/number/seven');
    expect(status).to.equal(400);
    expect(record).to.deep.include({ route: '/fails/number/:id', params: { id: 'seven' } });
  });

  it('leaves no error on the next request', async () => {
    served = await start(true);
    await askRecord(served, '/fails/number/seven');
    const { status, record } = await askRecord(served, '/fails/number/7');
    expect(status).to.equal(200);
    expect(record).to.include({ status: 200, errorType: null });
  });
});
