import type { Context } from 'koa';
import { Ctx, Get, InternalServerError, JsonController, Post, Res } from 'routing-controllers';
import {
  Tracked,
  TrackedController,
  Untracked,
  UsageData,
  type UsageDataTracker,
  track,
} from '../../../src/index.js';
import { mark, secret } from './secrets.js';

/** The class of an error is kept, and nothing else of it. */
class LeakyError extends InternalServerError {}

/** One action for each thing that a decorator, or an option by the name of a parameter, says. */
@TrackedController()
@JsonController('/leaks')
export class LeakController {
  @Get('/plain/:mark')
  plain() {
    return 'ok';
  }

  @Tracked({ ip: 'none' })
  @Get('/hidden/:mark')
  hidden() {
    return 'ok';
  }

  @Tracked({ ip: 'truncate' })
  @Get('/network/:mark')
  network() {
    return 'ok';
  }

  @Get('/person/:mark/:ssn')
  person() {
    return 'ok';
  }

  @Get('/document/:mark/of-:ssn.pdf')
  document() {
    return 'ok';
  }

  @Tracked({ params: { folder: 'redact' } })
  @Get('/folder/:mark/:folder')
  folder() {
    return 'ok';
  }

  @Get('/reset/:mark/:resetToken')
  reset() {
    return 'ok';
  }

  @Tracked({ query: ['page', 'token', 'code'] })
  @Get('/search/:mark')
  search() {
    return 'ok';
  }

  @Get('/own/:mark')
  own(@Ctx() ctx: Context) {
    track(ctx, { plan: mark('plan'), mail: secret('own-mail') });
    return 'ok';
  }

  @Tracked({ data: false })
  @Get('/silent/:mark')
  silent(@Ctx() ctx: Context, @UsageData() tell: UsageDataTracker) {
    // Of these failures, the first is told in the log.
    track(ctx, secret('silent-text') as unknown as object);
    track(ctx, { note: secret('silent-note') });
    tell({ [secret('silent-name')]: true });
    return 'ok';
  }

  @Get('/thrown/:mark')
  thrown(): string {
    throw new LeakyError(secret('error-message'));
  }

  @Post('/body/:mark')
  body(@Res() response: Context['response']) {
    response.set('x-own', secret('response-header'));
    response.ctx.cookies.set('session', secret('response-cookie'));
    return { text: secret('response-body') };
  }

  @Get(`/${mark('broken')}/:what`)
  broken(@Ctx() ctx: Context) {
    track(ctx, { note: secret('broken-note') });
    return 'ok';
  }

  @Untracked()
  @Get('/untracked/:what')
  untracked(@Ctx() ctx: Context) {
    track(ctx, { note: secret('untracked-note') });
    return 'ok';
  }
}
