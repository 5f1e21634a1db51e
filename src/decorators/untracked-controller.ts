import { decideController } from '../metadata/registry.js';
import { assertCalled, assertClass } from './assert-target.js';

/**
 * Leaves every action of this controller untracked that has no decorator of its own, whatever the default
 * policy says. Subclasses inherit the decision.
 *
 * @throws {TrackUsageError} `INVALID_DECORATION` when the class is defined, if it also says the opposite, or
 *   if this stands without its parentheses or on anything but a class
 */
export function UntrackedController(): ClassDecorator;
export function UntrackedController(...none: unknown[]): ClassDecorator {
  assertCalled('@UntrackedController()', none);
  return (controller: unknown, ...rest: unknown[]) => {
    assertClass('@UntrackedController()', controller, rest);
    decideController(controller, 'untracked');
  };
}
