import { type DataPolicy, NO_DATA_POLICY, readDataPolicy } from '../metadata/data-policy.js';
import { decideController } from '../metadata/registry.js';
import { assertCalled, assertClass } from './assert-target.js';

/**
 * Tracks every action of this controller that has no decorator of its own, whatever the default policy says.
 * Subclasses inherit the decision.
 *
 * @param options - what is recorded of its actions; an omitted option is inherited from the application's
 * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used; `INVALID_DECORATION`
 *   when the class is defined, if it also says the opposite, or if this stands without its parentheses or on
 *   anything but a class
 */
export function TrackedController(options?: DataPolicy): ClassDecorator;
export function TrackedController(options: DataPolicy = NO_DATA_POLICY, ...none: unknown[]): ClassDecorator {
  // TypeScript's class decorators are called with the class alone, where the options would be.
  assertCalled('@TrackedController()', typeof options === 'function' ? [options] : none);
  const data = readDataPolicy('@TrackedController()', options);
  return (controller: unknown, ...rest: unknown[]) => {
    assertClass('@TrackedController()', controller, rest);
    decideController(controller, 'tracked', data);
  };
}
