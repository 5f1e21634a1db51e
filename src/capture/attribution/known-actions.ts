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

/** An application whose actions are known. */
export interface KnownApplication {
  readonly app: Application;
  /** The application's actions, in the order of their registration. */
  readonly actions: readonly KnownAction[];
}

/** Keeps no application alive: an application that a reload has replaced is collected with its actions. */
interface Register {
  apps: readonly WeakRef<Application>[];
  readonly actions: WeakMap<Application, KnownAction[]>;
}

function register(): Register {
  const holder = globalThis as { [REGISTER]?: Register };
  return (holder[REGISTER] ??= { apps: [], actions: new WeakMap() });
}

/** The applications of this process that have actions. */
export function knownApplications(): readonly KnownApplication[] {
  const { apps, actions } = register();
  return apps.flatMap((reference) => {
    const app = reference.deref();
    return app === undefined ? [] : [{ app, actions: actions.get(app) ?? [] }];
  });
}

/** Notes an action that is registered with an application. */
export function noteAction(app: Application, action: KnownAction): void {
  const known = register();
  const own = known.actions.get(app);
  if (own !== undefined) {
    own.push(action);
    return;
  }
  known.actions.set(app, [action]);
  known.apps = [...known.apps.filter((reference) => reference.deref() !== undefined), new WeakRef(app)];
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
