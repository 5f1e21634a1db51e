import { type DataPolicy, NO_DATA_POLICY, readDataPolicy } from '../metadata/data-policy.js';
import { decideMethod } from '../metadata/registry.js';
import { assertCalled, assertMethod } from './assert-target.js';

/**
 * Tracks this action, whatever its class and the default policy say. Subclasses inherit the decision and its
 * options, above those of their own; one that decides otherwise overrides and decorates the method again.
 *
 * @param options - what is recorded of the action, such as `{ ip: 'none', query: ['page'] }`; an omitted
 *   option is inherited from the class, then from the application's options
 * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used; `INVALID_DECORATION`
 *   when the class is defined, if the method also says the opposite, or if this stands without its
 *   parentheses or on anything but an instance method
 */
export function Tracked(options?: DataPolicy): MethodDecorator;
export function Tracked(options: DataPolicy = NO_DATA_POLICY, ...none: unknown[]): MethodDecorator {
  assertCalled('@Tracked()', none);
  const data = readDataPolicy('@Tracked()', options);
  return (prototype, method) => {
    assertMethod('@Tracked()', prototype, method);
    decideMethod(prototype, method, 'tracked', data);
  };
}
