import type Application from 'koa';
import type { Deprecation } from '../../metadata/deprecation.js';
import { type Policy, isTracked } from '../../metadata/policy.js';
import type { Attribution } from '../exchange/attribution.js';

/** The key of the registered actions on `globalThis`: installed copies of this package share key and actions. */
const REGISTER = Symbol.for('koa-track-usage.actions');

/** A registered route of an action. */
export interface KnownAction {
  /** The request's method in capitals; `ALL` for every method. */
  readonly method: string;
  readonly attribution: Attribution;
  /** What is said of the action's deprecation; null if it is not deprecated. */
  readonly deprecation: Deprecation | null;
  /** The class after which records call the action's controller; null if a decorator names the controller. */
  readonly namedAfter: Function | null;
}

/** An application that is known by its actions or its requests. */
export interface KnownApplication {
  readonly app: Application;
  /** The application's actions, in the order of their registration. */
  readonly actions: readonly KnownAction[];
  /** Routes without a class that are marked as tracked or untracked, as far as they have been met. */
  readonly routes: readonly KnownRoute[];
}

/** A route, by its method. */
export type KnownRoute = Omit<KnownAction, 'namedAfter'>;

/** What is known of an application. */
interface Known {
  readonly actions: KnownAction[];
  /** Routes without a class, by their layers. */
  readonly layers: Map<object, readonly KnownRoute[]>;
}

/** Keeps no application alive: an application that a reload has replaced is collected with its actions. */
interface Register {
  apps: readonly WeakRef<Application>[];
  readonly known: WeakMap<Application, Known>;
}

function register(): Register {
  const holder = globalThis as { [REGISTER]?: Register };
  return (holder[REGISTER] ??= { apps: [], known: new WeakMap() });
}

/** The applications of this process that have actions, or were requested. */
export function knownApplications(): readonly KnownApplication[] {
  const { apps } = register();
  return apps.flatMap((reference) => {
    const app = reference.deref();
    if (app === undefined) return [];
    const { actions, layers } = knownOf(app);
    return [{ app, actions, routes: [...layers.values()].flat() }];
  });
}

/** Notes an action that is registered with an application. */
export function noteAction(app: Application, action: KnownAction): void {
  knownOf(app).actions.push(action);
}

/** Notes an application, whose routers are looked into. */
export function noteApplication(app: Application): void {
  knownOf(app);
}

/**
 * Notes a route without a class, in the place of what was noted of its layer: of several markers, that counts which runs last.
 *
 * @param layer - what its router knows it by
 * @param routes - the route by each of its methods
 */
export function noteRoute(app: Application, layer: object, routes: readonly KnownRoute[]): void {
  knownOf(app).layers.set(layer, routes);
}

/** Whether an application may be mounted in another: Koa listens for errors of one that is served itself. */
export function isGuest(app: Application): boolean {
  return app.listenerCount('error') === 0;
}

function knownOf(app: Application): Known {
  const all = register();
  let known = all.known.get(app);
  if (known === undefined) {
    known = { actions: [], layers: new Map() };
    all.known.set(app, known);
    all.apps = [...all.apps.filter((reference) => reference.deref() !== undefined), new WeakRef(app)];
  }
  return known;
}

/**
 * Whether a tracked action of another class of the same application has the controller's name of this
 * attribution. Two classes that decorators give one name are meant to share it.
 */
export function hasNamesake(attribution: Attribution, policy: Policy): boolean {
  const isOwn = (action: KnownAction): boolean => action.attribution === attribution;
  const actions = knownApplications().find((known) => known.actions.some(isOwn))?.actions ?? [];
  const namedAfter = actions.find(isOwn)?.namedAfter;
  return actions.some(
    (other) =>
      other.namedAfter !== namedAfter &&
      other.attribution.controllerName === attribution.controllerName &&
      isTracked(other.attribution, policy),
  );
}
