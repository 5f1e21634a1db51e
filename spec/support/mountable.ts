import type { Router } from '@koa/router';
import type { Middleware } from 'koa';

/** What `app.use` takes of a router: its routes, and its answers to other methods. */
export function mountable(router: Router): Middleware[] {
  return [router.routes() as unknown as Middleware, router.allowedMethods() as unknown as Middleware];
}
