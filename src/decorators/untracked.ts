import { decideMethod } from '../metadata/registry.js';
import { assertCalled, assertMethod } from './assert-target.js';

/**
 * Leaves this action untracked, whatever its class and the default policy say. Subclasses inherit the decision.
 *
 * @throws {TrackUsageError} `INVALID_DECORATION` when the class is defined, if the method also says the
 *   opposite, or if this stands without its parentheses or on anything but an instance method
 */
export function Untracked(): MethodDecorator;
export function Untracked(...none: unknown[]): MethodDecorator {
  assertCalled('@Untracked()', none);
  return (prototype, method) => {
    assertMethod('@Untracked()', prototype, method);
    decideMethod(prototype, method, 'untracked');
  };
}
