import { TrackUsageError } from '../errors.js';
import type { Decision, PolicySubject } from './policy.js';

/** The name of a class; a static member called `name` may have taken its place. */
export function className(type: ClassType): string {
  const name: unknown = type.name;
  return typeof name === 'string' && name !== '' ? name : '(anonymous class)';
}

/** A class, whatever its constructor takes. */
export type ClassType = abstract new (...args: never[]) => object;

/** What is kept in the global registry. Changing its shape needs another symbol. */
interface Registry {
  readonly controllers: WeakMap<object, Decision>;
  readonly methods: WeakMap<object, Map<PropertyKey, Decision>>;
}

const REGISTRY = Symbol.for('koa-track-usage.metadata');

/** One registry a process, so that two installed copies of this package agree. */
function registry(): Registry {
  const holder = globalThis as { [REGISTRY]?: Registry };
  return (holder[REGISTRY] ??= { controllers: new WeakMap(), methods: new WeakMap() });
}

/**
 * Notes what is said of a class.
 *
 * @throws {TrackUsageError} `INVALID_DECORATION` if the opposite was said of the same class
 */
export function decideController(controller: ClassType, decision: Decision): void {
  const { controllers } = registry();
  refuseContradiction(controllers.get(controller), decision, `class ${className(controller)}`);
  controllers.set(controller, decision);
}

/**
 * Notes what is said of a method.
 *
 * @param prototype - the prototype of the class that declares the method
 * @throws {TrackUsageError} `INVALID_DECORATION` if the opposite was said of the same method
 */
export function decideMethod(prototype: object, method: PropertyKey, decision: Decision): void {
  const { methods } = registry();
  const decided = methods.get(prototype) ?? new Map<PropertyKey, Decision>();
  const name = `${className(prototype.constructor as ClassType)}.${String(method)}()`;
  refuseContradiction(decided.get(method), decision, `method ${name}`);
  methods.set(prototype, decided.set(method, decision));
}

/** What is said of an action: by the nearest class of its controller's chain, for method and class apart. */
export function findDecisions(controller: ClassType, method: PropertyKey): PolicySubject {
  const { controllers, methods } = registry();
  let methodDecision: Decision | null = null;
  let controllerDecision: Decision | null = null;
  for (let type: unknown = controller; isClass(type); type = Object.getPrototypeOf(type)) {
    methodDecision ??= methods.get(type.prototype)?.get(method) ?? null;
    controllerDecision ??= controllers.get(type) ?? null;
  }
  return { method: methodDecision, controller: controllerDecision };
}

function isClass(value: unknown): value is ClassType & { prototype: object } {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

function refuseContradiction(before: Decision | undefined, now: Decision, subject: string): void {
  if (before === undefined || before === now) return;
  throw new TrackUsageError(
    'INVALID_DECORATION',
    `The ${subject} is decorated both as tracked and as untracked. Remove one of the two decorators.`,
  );
}
