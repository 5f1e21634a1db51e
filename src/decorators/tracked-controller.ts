import { decideController } from '../metadata/registry.js';
import { assertClass } from './assert-target.js';

/**
 * Tracks every action of this controller that says nothing of its own, whatever the default policy says.
 * Subclasses inherit it.
 *
 * @throws {TrackUsageError} `INVALID_DECORATION` when the class is defined, if it also says the opposite, or if
 *   this stands on anything but a class
 */
export function TrackedController(): ClassDecorator {
  return (controller: unknown, ...rest: unknown[]) => {
    assertClass('@TrackedController()', controller, rest);
    decideController(controller, 'tracked');
  };
}
