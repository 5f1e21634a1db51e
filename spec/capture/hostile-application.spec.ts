import 'reflect-metadata';
import { createServer, connect } from 'node:http2';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Context, Middleware } from 'koa';
import { Get, JsonController, Param } from 'routing-controllers';
import { Service } from 'typedi';
import { TrackedController } from '../../src/index.js';
import { type Served, serve } from '../support/serve.js';

const SYMBOL = Symbol('odd');

@Service()
@TrackedController()
@JsonController('/odd')
class OddController {
  static name = 5 as unknown as string;

  @Get('/:id')
  one(@Param('id') id: string): object {
    return { id };
  }

  @Get('/named/by-symbol')
  [SYMBOL](): string {
    return 'symbol';
  }
}

const EVERYTHING = { defaultPolicy: 'include', trackUnmatched: true } as const;

/** What applications do to their own contexts before an action runs. */
const HABITS: readonly (readonly [what: string, habit: (context: Context) => void])[] = [
  [
    'makes res.end its own for good',
    // oxlint-disable-next-line typescript/unbound-method -- it is put back where it was
    ({ res }) => Object.defineProperty(res, 'end', { value: res.end, writable: false }),
  ],
  [
    'makes res.write a getter',
    ({ res }) => Object.defineProperty(res, 'write', { get: () => res.constructor.prototype.write }),
  ],
  [
    'has parameters with a getter that throws',
    (context) =>
      Object.defineProperty((context['params'] ??= {}), 'boom', {
        enumerable: true,
        get() {
          throw new Error('boom');
        },
      }),
  ],
];

describe('An application with odd habits', () => {
  let served: Served | undefined;
  const quiet = { warn: () => {}, error: () => {} };

  afterEach(() => served?.close());

  for (const [what, habit] of HABITS) {
    it(`that ${what} is served and tracked all the same`, async () => {
      const before: Middleware = (context, next) => {
        habit(context);
        return next();
      };
      served = await serve({ controllers: [OddController], between: [before], tracker: { logger: quiet } });
      const response = await fetch(`${served.origin}/odd/7`);
      expect([response.status, await response.json()]).to.deep.equal([200, { id: '7' }]);
      const records = await served.records();
      expect(records).to.have.length(1);
      expect(records[0]).to.include({ route: '/odd/:id', status: 200 });
    });
  }

  it('that takes the request off its context is served all the same', async () => {
    const handler: Middleware = (context) => {
      context.respond = false;
      context.res.end('ok');
      Object.defineProperty(context, 'request', {
        get() {
          throw new Error('gone');
        },
      });
    };
    served = await serve({ between: [handler] });
    for (let round = 0; round < 2; round += 1) {
      expect(await (await fetch(served.origin)).text()).to.equal('ok');
    }
    expect(await served.records()).to.deep.equal([]);
    expect(served.usage.tracker.health()).to.equal('ok');
  });

  it('that lets nobody watch a body is served all the same, and the request is lost once', async () => {
    served = await serve({
      before: [
        ({ req }, next) => {
          // oxlint-disable-next-line typescript/unbound-method -- it is put back where it was
          Object.defineProperty(req, 'push', { value: req.push, writable: false });
          return next();
        },
      ],
      after: [(context) => void (context.body = 'ok')],
      tracker: { ...EVERYTHING, logger: quiet },
    });
    const response = await fetch(served.origin, { method: 'POST', body: 'x' });
    expect(await response.text()).to.equal('ok');
    expect(await served.records()).to.deep.equal([]);
    expect(served.usage.tracker.stats().dropped.internal).to.equal(1);
  });

  it('that gives a class a name of its own, and a method a symbol, is tracked', async () => {
    served = await serve({ controllers: [OddController] });
    expect(await (await fetch(`${served.origin}/odd/named/by-symbol`)).text()).to.equal('symbol');
    const [record] = await served.records();
    expect(record).to.include({ controller: '(anonymous class)', action: 'Symbol(odd)' });
  });

  it('that changes the status when it has gone out is recorded with the one that went out', async () => {
    served = await serve({
      tracker: EVERYTHING,
      after: [
        ({ res, ...rest }) => {
          rest.respond = false;
          res.writeHead(200);
          res.write('a');
          res.statusCode = 500;
          res.end('b');
        },
      ],
    });
    expect((await fetch(served.origin)).status).to.equal(200);
    expect((await served.records())[0]).to.include({ status: 200 });
  });

  it('that destroys its response without an error has thrown none', async () => {
    served = await serve({ tracker: EVERYTHING, after: [({ res }) => void res.destroy()] });
    await fetch(served.origin).catch(() => {});
    expect((await served.records())[0]).to.include({ errorType: null });
  });

  it('that answers on the stream of HTTP/2 itself is recorded with what it sent', async () => {
    served = await serve({
      tracker: EVERYTHING,
      after: [
        (context) => {
          context.respond = false;
          const { stream } = context.res as unknown as { stream: import('node:http2').ServerHttp2Stream };
          stream.respond({ ':status': 201 });
          stream.end('direct');
        },
      ],
    });
    const server = createServer(served.app.callback()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = client.request({ ':path': '/x' });
    stream.resume();
    await once(stream, 'close');
    client.close();
    const [record] = await served.records();
    server.close();
    expect(record).to.include({ status: 201, aborted: false, responseBytes: null });
  });
});
