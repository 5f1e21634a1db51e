import { type Action, createParamDecorator } from 'routing-controllers';
import { exchangeOf } from './exchange/exchange.js';

/**
 * The types of the application's own data. The application adds them by declaration merging.
 *
 * ```ts
 * declare module 'koa-track-usage' {
 *   interface UsageDataTypes { plan: 'free' | 'pro'; results: number }
 * }
 * ```
 */
// oxlint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type -- applications fill it
export interface UsageDataTypes {}

/** What `track` takes: any JSON object, or what the application has declared in `UsageDataTypes`. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- it is what the application makes of it
export type TrackedData = keyof UsageDataTypes extends never ? object : Readonly<Partial<UsageDataTypes>>;

/**
 * Adds the application's own data to the record of a request: JSON, within the limits of a record (64 names,
 * 5 levels, 8 KiB). Later values replace earlier ones of the same name. `track` never throws: it leaves out a
 * value that JSON cannot hold, with one line in the log. On an untracked request, `track` does nothing. On a
 * request that no tracker watches, it emits a warning of the process, once.
 *
 * @param ctx - the request's Koa context, anywhere below the middleware
 */
export function track(ctx: object, data: TrackedData): void {
  const exchange = exchangeOf(ctx);
  if (exchange === undefined) warnOfNoTracker();
  else exchange.addData(data);
}

let hasWarned = false;

/** Emits a warning of the process, as there is no tracker with a log. */
function warnOfNoTracker(): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    'koa-track-usage: track(ctx, data) was called for a request that no tracker watches, so its data is not kept. Call ' +
      "app.use(trackUsage()) in front of what calls it, and hand it the request's Koa context.",
  );
}

/** What `@UsageData()` hands to an action: `track`, bound to the action's request. */
export type UsageDataTracker = (data: TrackedData) => void;

/**
 * Hands an action {@link track} for its own request: `search(@UsageData() track: UsageDataTracker)`.
 */
export function UsageData(): ParameterDecorator {
  return createParamDecorator({
    value: ({ context }: Action): UsageDataTracker => {
      return (data) => track(context as object, data);
    },
  }) as ParameterDecorator;
}
