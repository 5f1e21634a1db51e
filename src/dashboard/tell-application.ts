import { inspect } from 'node:util';
import type { Context } from 'koa';

/**
 * Tells the application of a failure, by its event `error`. All of the cause is in the message: Koa's own listener writes no causes, and
 * leaves out errors with the status 404 or `expose`. A listener that throws does not change the answer.
 */
export function tellApplication(context: Context, what: string, cause: unknown): void {
  try {
    context.app.emit('error', new Error(`usageDashboard: ${what} ${inspect(cause)}`, { cause }), context);
  } catch (error) {
    process.emitWarning(
      `usageDashboard: a listener of the application's event 'error' threw ${inspect(error)}`,
    );
  }
}
