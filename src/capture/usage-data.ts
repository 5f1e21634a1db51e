import { type Action, createParamDecorator } from 'routing-controllers';
import { exchangeOf } from './exchange/exchange.js';

/**
 * The application's own data, for its types: it adds its names by declaration merging.
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
 * Adds data of the application's own to the record of this request: JSON, within the limits of a record's objects (64
 * names, 5 levels, 8 KiB). Later values replace earlier ones of the same name. It never throws: what cannot be JSON is
 * left out, with one line in the log. On a request that is not tracked it does nothing; where no tracker watches the
 * request, a warning of the process says so, once.
 *
 * @param ctx - the request's Koa context, anywhere below the middleware
 */
export function track(ctx: object, data: TrackedData): void {
  const exchange = exchangeOf(ctx);
  if (exchange === undefined) warnOfNoTracker();
  else exchange.addData(data);
}

let hasWarned = false;

/** There is no tracker whose log could say it. */
function warnOfNoTracker(): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    'koa-track-usage: track(ctx, data) was called for a request that no tracker watches, so its data is not kept. Call ' +
      "app.use(trackUsage()) in front of what calls it, and hand it the request's Koa context.",
  );
}

/** What `@UsageData()` hands to an action: `track` for its own request. */
export type UsageDataTracker = (data: TrackedData) => void;

/**
 * Hands an action what adds data of its own to its record: `search(@UsageData() track: UsageDataTracker)`. It does
 * what {@link track} does, without the context.
 */
export function UsageData(): ParameterDecorator {
  return createParamDecorator({
    value: ({ context }: Action): UsageDataTracker => {
      return (data) => track(context as object, data);
    },
  }) as ParameterDecorator;
}
