import type { Context } from 'koa';
import { show } from '../option-reader.js';
import type { Clock } from '../time/clock.js';
import type { Authorize } from './dashboard-options.js';
import { inTime } from './in-time.js';
import { tellApplication } from './tell-application.js';

/** How long `authorize` may take, in milliseconds. */
const AUTHORIZE_MS = 5000;

const NOT_GIVEN =
  'usageDashboard refuses everybody until its option authorize is given, such as usageDashboard({ authorize: (ctx) => ctx.state.user?.admin === true }).';

/**
 * Whether the sender of a request may see the dashboard. Where `authorize` throws or takes too long, nobody may, and the application's
 * event `error` tells why.
 */
export async function isAllowed(
  context: Context,
  authorize: Authorize | null,
  clock: Clock,
): Promise<boolean> {
  // Only a status or a redirect of authorize's own may stand in the answer, and none of a middleware that ran before.
  context.status = 404;
  context.remove('Location');
  try {
    if (authorize === null) return false;
    // A promise that has to be waited for is truthy, and so is much else that means «no».
    const answer: unknown = await inTime(clock, AUTHORIZE_MS, async () => authorize(context));
    if (answer !== true && Boolean(answer))
      throw new Error(`authorize answered ${show(answer)}; expected true, or false.`);
    return answer === true;
  } catch (error) {
    tellApplication(context, 'authorize failed, so the request is denied.', error);
    return false;
  }
}

/**
 * Answers a request that is denied. A status that `authorize` has set stays where it asks for credentials or leads to them:
 * 401, or a redirect.
 */
export function deny(context: Context, authorize: Authorize | null): void {
  const { status } = context;
  const isKept =
    status === 401 || (status >= 300 && status < 400 && Boolean(context.response.get('Location')));
  if (!isKept) context.status = 403;
  context.type = 'text/plain';
  context.body = authorize === null ? NOT_GIVEN : 'You may not see this page.';
}
