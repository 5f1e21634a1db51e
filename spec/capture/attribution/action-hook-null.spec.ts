import { expect } from 'chai';
import { Get, JsonController } from 'routing-controllers';
import { TrackedController } from '../../../src/index.js';
import { askRecord } from '../../support/ask.js';
import { type Served, serve } from '../../support/serve.js';
import { until } from '../../support/until.js';

let reached = 0;

@TrackedController()
@JsonController('/null')
class NullController {
  @Get('/')
  list() {
    reached += 1;
    // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- the subject
    throw null;
  }
}

describe('an action that throws null', () => {
  let served: Served;
  afterEach(() => served.close());

  it("is booked as such, with the status of the error that routing-controllers' handler makes of it", async () => {
    served = await serve({ controllers: [NullController] });
    const { status, record } = await askRecord(served, '/null');
    expect(status).to.equal(500);
    expect(record).to.include({ status: 500, action: 'list', route: '/null', errorType: 'null' });
  });

  it("is booked with the status that the application's error handler sends", async () => {
    served = await serve({
      controllers: [NullController],
      routing: { defaultErrorHandler: false },
      between: [
        async (context, next) => {
          try {
            await next();
          } catch {
            context.status = 502;
            context.body = 'handled';
          }
        },
      ],
    });
    const { status, record } = await askRecord(served, '/null');
    expect(status).to.equal(502);
    expect(record).to.include({ status: 502, action: 'list', errorType: 'null' });
  });

  it('is booked without a status where nobody handles it: Koa then answers nothing, and the client leaves', async () => {
    served = await serve({ controllers: [NullController], routing: { defaultErrorHandler: false } });
    const before = reached;
    const leave = new AbortController();
    const asked = fetch(`${served.origin}/null`, { signal: leave.signal }).catch(
      (error: Error) => error.name,
    );
    await until(() => reached > before, 'the action has run');
    leave.abort();
    expect(await asked).to.equal('AbortError');
    const [record] = await served.records();
    expect(record).to.include({ status: null, aborted: true, action: 'list', errorType: 'null' });
  });
});
