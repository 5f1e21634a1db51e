import type Application from 'koa';
import { type Policy, isTracked } from '../../metadata/policy.js';
import type { Attribution } from '../exchange/attribution.js';

/** Where the registered actions are kept; installed copies of this package share the hook, and so the list. */
const REGISTER = Symbol.for('koa-track-usage.actions');

/** A route of an action, as it was registered. */
export interface KnownAction {
  /** The request's method in capitals; `ALL` for every method. */
  readonly method: string;
  readonly attribution: Attribution;
  /** The class after which records call the action's controller; null where a decorator names it. */
  readonly namedAfter: Function | null;
}

/** An application whose actions are known. */
export interface KnownApplication {
  readonly app: Application;
  /** Its actions, in the order in which they were registered. */
  readonly actions: readonly KnownAction[];
}

/** Holds no application: one that is made anew at every reload goes with its actions when nobody else holds it. */
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
 * Whether a tracked action of another class on the same application stands in records under this one's controller. Where decorators
 * name both classes so, that is meant.
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
