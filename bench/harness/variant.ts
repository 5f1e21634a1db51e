import type { Middleware } from 'koa';

/** One way to run the application. Every file of `variants/` exports a function `start` that returns one. */
export interface Variant {
  /** Where it listens, such as `http://127.0.0.1:40000`. */
  readonly url: string;
  /** Does the work that requests have put off, so that it is measured with them. */
  drain(): Promise<void>;
}

/** What stands in front of the application, and how its deferred work is done. */
export interface VariantParts {
  readonly middleware?: Middleware;
  readonly drain?: () => Promise<void>;
}
