import { TrackUsageError } from '../errors.js';
import { refuseOption } from '../option-reader.js';
import { type Duration, millisecondsOf } from './duration.js';
import { type DataPolicy, NO_DATA_POLICY, mergeDataPolicies } from './data-policy.js';
import { type Deprecation, addDeprecations, mergeDeprecations } from './deprecation.js';
import type { Decision, PolicySubject } from './policy.js';

/** The name of a class; a static member called `name` may have taken its place. */
export function className(type: ClassType): string {
  const name: unknown = type.name;
  return typeof name === 'string' && name !== '' ? name : '(anonymous class)';
}

/** A class, whatever its constructor takes. */
export type ClassType = abstract new (...args: never[]) => object;

/** A method, as errors name it. */
export function methodName(prototype: object, method: PropertyKey): string {
  return `${className(prototype.constructor as ClassType)}.${String(method)}()`;
}

/** What the decorators of a class or a method say. */
interface Decoration {
  /** Null if none of them decides. */
  readonly decision: Decision | null;
  readonly data: DataPolicy;
  /** Null if none of them deprecates. */
  readonly deprecation: Deprecation | null;
}

/** What the decorators of an action say, those on its method and those on its class. */
export interface ActionSubject extends PolicySubject {
  /** The method's data policy; the class's fills in what the method's leaves open. */
  readonly data: DataPolicy;
  /** What is said of the method's deprecation and the class's, merged; null if neither is deprecated. */
  readonly deprecation: Deprecation | null;
  /** What records call the action's controller; null for the class's name. */
  readonly controllerAlias: string | null;
  /** What records call the action; null for the method's name. */
  readonly actionAlias: string | null;
}

/** What is kept in the global registry. Changing its shape needs another symbol. */
interface Registry {
  readonly controllers: WeakMap<object, Decoration>;
  readonly methods: WeakMap<object, Map<PropertyKey, Decoration>>;
  /** How long the records of routes without a class are kept, by the name that they have there. */
  readonly routes: Map<string, Duration>;
}

const REGISTRY = Symbol.for('koa-track-usage.metadata');

/** One registry a process, so that two installed copies of this package agree. */
function registry(): Registry {
  const holder = globalThis as { [REGISTRY]?: Registry };
  return (holder[REGISTRY] ??= {
    controllers: new WeakMap(),
    methods: new WeakMap(),
    routes: new Map(),
  });
}

/**
 * Notes the decision on a class. The data policies of several decorators add up.
 *
 * @throws {TrackUsageError} `INVALID_DECORATION` if the class has the opposite decision
 */
export function decideController(
  controller: ClassType,
  decision: Decision,
  data: DataPolicy = NO_DATA_POLICY,
): void {
  noteController(controller, { decision, data, deprecation: null });
}

/**
 * Notes the decision on a method. The data policies of several decorators add up.
 *
 * @param prototype - the prototype of the class that declares the method
 * @throws {TrackUsageError} `INVALID_DECORATION` if the method has the opposite decision
 */
export function decideMethod(
  prototype: object,
  method: PropertyKey,
  decision: Decision,
  data: DataPolicy = NO_DATA_POLICY,
): void {
  noteMethod(prototype, method, { decision, data, deprecation: null });
}

/**
 * Notes that every action of a class is deprecated. What several decorators say adds up.
 *
 * @throws {TrackUsageError} `INVALID_DECORATION` if they contradict each other
 */
export function deprecateController(controller: ClassType, deprecation: Deprecation): void {
  noteController(controller, { decision: null, data: NO_DATA_POLICY, deprecation });
}

/**
 * Notes that a method is deprecated. What several decorators say adds up.
 *
 * @param prototype - the prototype of the class that declares the method
 * @throws {TrackUsageError} `INVALID_DECORATION` if they contradict each other
 */
export function deprecateMethod(prototype: object, method: PropertyKey, deprecation: Deprecation): void {
  noteMethod(prototype, method, { decision: null, data: NO_DATA_POLICY, deprecation });
}

function noteController(controller: ClassType, decoration: Decoration): void {
  const { controllers } = registry();
  const subject = (): string => `class ${className(controller)}`;
  controllers.set(controller, add(controllers.get(controller), decoration, subject));
}

function noteMethod(prototype: object, method: PropertyKey, decoration: Decoration): void {
  const { methods } = registry();
  const said = methods.get(prototype) ?? new Map<PropertyKey, Decoration>();
  const subject = (): string => `method ${methodName(prototype, method)}`;
  methods.set(prototype, said.set(method, add(said.get(method), decoration, subject)));
}

/**
 * Notes how long the records of routes without a class are kept, if they say so. Of several durations for one name, the shortest counts.
 *
 * @param subject - the middleware as it is written, such as `tracked()`
 * @throws {TrackUsageError} `INVALID_OPTION` if they have no name, by which the records could be found
 */
export function noteNamedRoute(subject: string, { name, retention }: DataPolicy): void {
  if (retention === undefined) return;
  if (name === undefined)
    return refuseOption(
      { subject, name: 'name' },
      name,
      'text, as records are found by it for the option retention',
    );
  const { routes } = registry();
  const before = routes.get(name);
  if (before === undefined || millisecondsOf(retention) < millisecondsOf(before)) routes.set(name, retention);
}

/** The names of routes without a class that say how long their records are kept. */
export function namedRoutes(): { readonly name: string; readonly retention: Duration }[] {
  return [...registry().routes].map(([name, retention]) => ({ name, retention }));
}

/** Finds what is said of an action: by the nearest class that says something, for method and class apart. */
export function findDecisions(controller: ClassType, method: PropertyKey): ActionSubject {
  const { controllers, methods } = registry();
  let ofMethod: Decoration | null = null;
  let ofController: Decoration | null = null;
  for (let type: unknown = controller; isClass(type); type = Object.getPrototypeOf(type)) {
    ofMethod = inherit(ofMethod, methods.get(type.prototype)?.get(method));
    ofController = inherit(ofController, controllers.get(type));
  }
  const ofMethodData = ofMethod?.data ?? NO_DATA_POLICY;
  const ofControllerData = ofController?.data ?? NO_DATA_POLICY;
  return {
    methodDecision: ofMethod?.decision ?? null,
    controllerDecision: ofController?.decision ?? null,
    data: mergeDataPolicies(ofMethodData, ofControllerData),
    deprecation: both(ofMethod?.deprecation, ofController?.deprecation, mergeDeprecations),
    controllerAlias: ofControllerData.name ?? null,
    actionAlias: ofMethodData.name ?? null,
  };
}

/**
 * The nearest class decides; its parent's data policy fills in what the class's leaves open. A deprecation is one
 * statement, whose dates belong together: that of the nearest class replaces its parent's.
 */
function inherit(nearer: Decoration | null, farther: Decoration | undefined): Decoration | null {
  return both(nearer, farther, (one, other) => ({
    decision: one.decision ?? other.decision,
    data: mergeDataPolicies(one.data, other.data),
    deprecation: one.deprecation ?? other.deprecation,
  }));
}

function isClass(value: unknown): value is ClassType & { prototype: object } {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

function add(before: Decoration | undefined, now: Decoration, subject: () => string): Decoration {
  if (before === undefined) return now;
  if (before.decision !== null && now.decision !== null && before.decision !== now.decision) {
    throw new TrackUsageError(
      'INVALID_DECORATION',
      `The ${subject()} is decorated both as tracked and as untracked. Remove one of the two decorators.`,
    );
  }
  return {
    decision: now.decision ?? before.decision,
    data: mergeDataPolicies(now.data, before.data),
    deprecation: both(now.deprecation, before.deprecation, (one, other) =>
      addDeprecations(one, other, subject()),
    ),
  };
}

/** Joins two values, of which each may be missing; null if both are. */
function both<Value>(
  one: Value | null | undefined,
  other: Value | null | undefined,
  join: (one: Value, other: Value) => Value,
): Value | null {
  if (one == null || other == null) return one ?? other ?? null;
  return join(one, other);
}
