import type Application from 'koa';
import type { RouteLayer } from '../exchange/matched-route.js';
import { type Deprecation, mergeDeprecations } from '../../metadata/deprecation.js';
import { deprecations, markers } from './route-markers.js';

/** What is read of a layer of @koa/router. */
interface StackedLayer extends RouteLayer {
  readonly stack: readonly Function[];
  match(path: string): boolean;
}

/** How many layers of a router have been read. */
const read = new WeakMap<object, number>();

/**
 * Notes the marked routes of an application's routers before their first requests, as far as routers and markers can be seen: tracing
 * tools wrap them. Such routes are noted when they are requested.
 */
export function noteRouters(app: Application): void {
  for (const middleware of app.middleware) {
    try {
      const stack = (middleware as { router?: { stack?: unknown } }).router?.stack;
      if (!Array.isArray(stack) || read.get(stack) === stack.length) continue;
      read.set(stack, stack.length);
      noteRoutes(app, stack as StackedLayer[]);
    } catch {
      // A router of another kind.
    }
  }
}

function noteRoutes(app: Application, stack: readonly StackedLayer[]): void {
  for (const [index, layer] of stack.entries()) {
    if (layer.methods.length === 0) continue;
    const template = String(layer.path);
    // Names in a template are text that such names stand for.
    const before = stack.slice(0, index).filter((each) => each.methods.length === 0 && each.match(template));
    const running = [...before, layer].flatMap((each) => each.stack);
    const said = running.flatMap((each) => deprecations.get(each) ?? []);
    const deprecation = said.reduce<Deprecation | null>(
      (all, each) => (all === null ? each : mergeDeprecations(each, all)),
      null,
    );
    // All of them, in their order: a marker that met the route at a request alone would be taken for the last one.
    for (const each of running) markers.get(each)?.attributionOf({ template, layer }, app, deprecation);
  }
}
