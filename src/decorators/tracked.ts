import { decideMethod } from '../metadata/registry.js';
import { assertMethod } from './assert-target.js';

/**
 * Tracks this action, whatever its class and the default policy say. Subclasses inherit it.
 *
 * @throws {TrackUsageError} `INVALID_DECORATION` when the class is defined, if the method also says the opposite,
 *   or if this stands on anything but an instance method
 */
export function Tracked(): MethodDecorator {
  return (prototype, method) => {
    assertMethod('@Tracked()', prototype, method);
    decideMethod(prototype, method, 'tracked');
  };
}
