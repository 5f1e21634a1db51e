import type Application from 'koa';
import type { Context, Middleware } from 'koa';
import { type Action, ActionMetadata, KoaDriver } from 'routing-controllers';
import { type ClassType, className, findDecisions } from '../../metadata/registry.js';
import { attributionOf } from '../exchange/attribution.js';
import { exchangeOf } from '../exchange/exchange.js';
import { announce, noticeOf } from './deprecation-headers.js';
import { noteAction } from './known-actions.js';

/** Marks a driver class that is wrapped; installed copies of this package share the mark. */
const HOOKED = Symbol.for('koa-track-usage.driver-hook');

/** Marks a driver whose actions were registered through the hook of any installed copy. */
const KNOWN = Symbol.for('koa-track-usage.known-driver');

type HookedDriver = KoaDriver & { [HOOKED]?: true; [KNOWN]?: true };

type Run = (action: Action) => unknown;

type Attribute = (context: Context) => void;

/**
 * Makes routing-controllers report which action runs, and what it throws. An action without middleware
 * reports itself; any other gets a reporting middleware in front. Action and middleware run behind the driver's
 * guard, and so only for the action that answers. The hook is installed once a process; of unwatched requests it
 * only has deprecated actions announce that they are.
 */
export function installActionHook(): void {
  const driver: HookedDriver = KoaDriver.prototype;
  if (driver[HOOKED]) return;
  Object.defineProperty(driver, HOOKED, { value: true });
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its driver below
  const { registerAction } = driver;

  driver.registerAction = function (this: HookedDriver, metadata: ActionMetadata, run: Run): void {
    this[KNOWN] = true;
    const attribute = attributeTo(this, metadata);
    if (runsAtOnce(metadata)) {
      registerAction.call(this, metadata, notingErrors(run, attribute));
      return;
    }
    const { controllerMetadata, target, method } = metadata;
    const { uses } = controllerMetadata;
    const middleware = attributionMiddleware(this, metadata, attribute);
    // The driver reads the uses during this call only.
    controllerMetadata.uses = [{ target, method, middleware, afterAction: false }, ...uses];
    try {
      registerAction.call(this, metadata, notingErrors(run, null));
    } finally {
      controllerMetadata.uses = uses;
    }
  };
  hookOutcomes(driver);
}

/** Makes the driver report what an action throws, and an action that was registered before the hook. */
function hookOutcomes(driver: HookedDriver): void {
  // oxlint-disable-next-line typescript/unbound-method -- both are called with their driver below
  const { handleSuccess, handleError } = driver;

  driver.handleSuccess = function (
    this: HookedDriver,
    result: unknown,
    metadata: ActionMetadata,
    action: Action,
  ) {
    if (this[KNOWN] === undefined) reportUnknown(action.context as Context);
    // `handleSuccess` returns the result of the rest of the chain, although its type does not say so.
    return handleSuccess.call(this, result, metadata, action);
  };

  driver.handleError = function (
    this: HookedDriver,
    error: unknown,
    metadata: ActionMetadata | undefined,
    action: Action,
  ) {
    if (this[KNOWN] === undefined) reportUnknown(action.context as Context);
    noteError(action.context as Context, error);
    return handleError.call(this, error, metadata, action);
  };
}

/**
 * The driver reads parameters before it makes a promise: an error there (no session) bypasses `handleError`.
 *
 * @param attribute - attributes the exchange to the action; null if a middleware has done so
 */
function notingErrors(run: Run, attribute: Attribute | null): Run {
  return (action) => {
    attribute?.(action.context as Context);
    try {
      return run(action);
    } catch (error) {
      noteError(action.context as Context, error);
      throw error;
    }
  };
}

function noteError(context: Context, error: unknown): void {
  exchangeOf(context)?.noteError(error);
}

const CALLED_AFTER =
  'useKoaServer(app) was called before trackUsage(), so that no action of this app is recorded. Call trackUsage() ' +
  'first, also where its middleware is mounted in another app.';

/** Tells the watcher of a request that its action was registered before there was a hook. */
function reportUnknown(context: Context): void {
  exchangeOf(context)?.watcher.missed(CALLED_AFTER);
}

function attributeTo(driver: KoaDriver, metadata: ActionMetadata): Attribute {
  const controller = metadata.controllerMetadata.target as unknown as ClassType;
  const subject = findDecisions(controller, metadata.method);
  const attribution = attributionOf(subject, {
    controllerName: subject.controllerAlias ?? className(controller),
    // oxlint-disable-next-line typescript/no-unnecessary-type-conversion -- a method's name may be a symbol, whatever its type says
    actionName: subject.actionAlias ?? String(metadata.method),
    route: routeTemplate(driver, metadata),
  });
  noteAction(driver.koa as Application, {
    method: metadata.type.toUpperCase(),
    attribution,
    deprecation: subject.deprecation,
    namedAfter: subject.controllerAlias === null ? controller : null,
  });
  const attribute: Attribute = (context) => {
    exchangeOf(context)?.attribute(attribution, context['params'] as object | undefined, context);
  };
  if (subject.deprecation === null) return attribute;
  const notice = noticeOf(subject.deprecation);
  return (context) => {
    announce(context, notice);
    attribute(context);
  };
}

function attributionMiddleware(
  driver: KoaDriver,
  metadata: ActionMetadata,
  attribute: Attribute,
): Middleware {
  if (!throwsPastDriver(driver, metadata)) {
    return (context, next) => {
      attribute(context);
      return next();
    };
  }
  return async (context, next) => {
    attribute(context);
    try {
      return await next();
    } catch (error) {
      noteError(context, error);
      throw error;
    }
  };
}

/** The route's template as the driver registers the route: with the prefix, without a trailing slash. */
function routeTemplate(driver: KoaDriver, metadata: ActionMetadata): string {
  const route = ActionMetadata.appendBaseRoute(driver.routePrefix, metadata.fullRoute);
  if (typeof route !== 'string') return String(route);
  return (route.length > 1 && route.endsWith('/') ? route.slice(0, -1) : route) || '/';
}

/** Whether no layer stands between the driver's guard and the action; a layer makes a promise a request. */
function runsAtOnce(metadata: ActionMetadata): boolean {
  return (
    metadata.controllerMetadata.uses.length === 0 &&
    metadata.uses.length === 0 &&
    !metadata.isAuthorizedUsed &&
    !metadata.isFileUsed &&
    !metadata.isFilesUsed
  );
}

/**
 * Whether an error of the action can bypass the driver's `handleError`: an error of middleware that is a
 * plain function, of an upload, or of `@Authorized` without a checker.
 */
function throwsPastDriver(driver: KoaDriver, metadata: ActionMetadata): boolean {
  const uses = [...metadata.controllerMetadata.uses, ...metadata.uses];
  return (
    metadata.isFileUsed ||
    metadata.isFilesUsed ||
    (metadata.isAuthorizedUsed && !driver.authorizationChecker) ||
    uses.some(({ middleware }) => !isMiddlewareClass(middleware))
  );
}

function isMiddlewareClass(middleware: Function): boolean {
  return typeof (middleware.prototype as { use?: unknown } | undefined)?.use === 'function';
}
