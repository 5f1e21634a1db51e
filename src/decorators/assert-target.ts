import { TrackUsageError } from '../errors.js';
import { type ClassType, className } from '../metadata/registry.js';

/**
 * Refuses a method decorator on a class or a static method, or where standard (stage 3) decorators are
 * compiled: this package needs TypeScript's `experimentalDecorators`, as routing-controllers does.
 *
 * @param decorator - the decorator as it is written, such as `@Tracked()`
 */
export function assertMethod(
  decorator: string,
  prototype: unknown,
  method: PropertyKey | undefined,
): asserts method is PropertyKey {
  assertExperimental(decorator, method);
  if (typeof prototype === 'object' && prototype !== null && method !== undefined) return;
  throw new TrackUsageError(
    'INVALID_DECORATION',
    `${decorator} stands on ${nameOf(prototype, method)}. It belongs on an instance method; ` +
      `for a whole class, write ${decorator.replace('()', 'Controller()')}.`,
  );
}

/**
 * Refuses a decorator without its parentheses, which is called with the class or method that it decorates.
 * Compilers that check no types let such a decorator pass, and it would decide nothing.
 *
 * @param given - the arguments beyond the decorator's options
 */
export function assertCalled(decorator: string, given: readonly unknown[]): void {
  if (given.length === 0) return;
  throw new TrackUsageError(
    'INVALID_DECORATION',
    `${decorator.replace(/\(.*/, '')} stands without its parentheses. Write ${decorator}.`,
  );
}

/** Refuses a class decorator that stands on a method, or where the standard decorators are compiled. */
export function assertClass(
  decorator: string,
  controller: unknown,
  rest: readonly unknown[],
): asserts controller is ClassType {
  assertExperimental(decorator, rest[0]);
  if (typeof controller === 'function' && rest.length === 0) return;
  throw new TrackUsageError(
    'INVALID_DECORATION',
    `${decorator} stands on ${rest.length > 0 ? `the method ${String(rest[0])}()` : nameOf(controller)}. ` +
      `It belongs on a class; for one action, write ${decorator.replace('Controller()', '()')}.`,
  );
}

/** Where a decorator of classes and methods alike stands. */
export type Target =
  | { readonly controller: ClassType }
  | { readonly prototype: object; readonly method: PropertyKey };

/**
 * Tells where a decorator of classes and methods alike stands. Refuses it on a static method or a parameter, or where
 * the standard decorators are compiled.
 *
 * @param given - the arguments that the compiled code hands to the decorator
 */
export function targetOf(decorator: string, given: readonly unknown[]): Target {
  const [target, method] = given as [unknown, PropertyKey | undefined];
  assertExperimental(decorator, method);
  if (typeof target === 'function' && given.length === 1)
    return { controller: target as unknown as ClassType };
  if (typeof target === 'object' && target !== null && method !== undefined)
    return { prototype: target, method };
  throw new TrackUsageError(
    'INVALID_DECORATION',
    `${decorator} stands on ${nameOf(target, method)}. It belongs on a class or an instance method.`,
  );
}

function assertExperimental(decorator: string, context: unknown): void {
  if (typeof context !== 'object' || context === null || !('kind' in context)) return;
  throw new TrackUsageError(
    'INVALID_DECORATION',
    `${decorator} was called as a standard decorator. Set "experimentalDecorators": true in tsconfig.json, ` +
      'as routing-controllers needs it too.',
  );
}

function nameOf(value: unknown, method?: PropertyKey): string {
  if (typeof value !== 'function') return `a value of type ${typeof value}`;
  const name = className(value as unknown as ClassType);
  return method === undefined ? `the class ${name}` : `the static method ${name}.${String(method)}()`;
}
