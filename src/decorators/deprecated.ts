import { type DeprecationOptions, readDeprecation } from '../metadata/deprecation.js';
import { className, deprecateController, deprecateMethod, methodName } from '../metadata/registry.js';
import { assertCalled, targetOf } from './assert-target.js';

/**
 * Says of this action, or of every action of this controller, that it is deprecated: each answer then has the headers
 * `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link`, once `trackUsage()` has been called before `useKoaServer`.
 * Where method and class are both deprecated, the earliest dates hold. Subclasses inherit the deprecation; one that says
 * otherwise decorates class or method again.
 *
 * @param options - such as `{ since: '2026-01-01', sunset: '2026-12-31', replacement: '/v2/orders' }`
 * @throws {TrackUsageError} when the class is defined: `INVALID_OPTION` if an option is unknown, missing or cannot be
 *   used; `INVALID_DECORATION` if two of these contradict each other on one class or method, or if this stands without
 *   its parentheses or on anything but a class or an instance method
 */
export function Deprecated(options: DeprecationOptions): ClassDecorator & MethodDecorator;
export function Deprecated(
  options: DeprecationOptions,
  ...none: unknown[]
): ClassDecorator & MethodDecorator {
  // A decorator without its parentheses is called with the class, or with the method's prototype, name and descriptor.
  assertCalled('@Deprecated({ since })', typeof options === 'function' ? [options] : none);
  return (...given: unknown[]) => {
    const target = targetOf('@Deprecated()', given);
    if ('controller' in target) {
      const { controller } = target;
      const subject = `@Deprecated() of the class ${className(controller)}`;
      deprecateController(controller, readDeprecation(subject, options));
    } else {
      const { prototype, method } = target;
      const subject = `@Deprecated() of ${methodName(prototype, method)}`;
      deprecateMethod(prototype, method, readDeprecation(subject, options));
    }
  };
}
