import { isObject, option } from '../../option-reader.js';

/** The option that the driver's own client is given, of a connection of our own. */
export function driverOptions(): object | undefined {
  return option<object>({ default: {}, expected: 'an object', accepts: isObject });
}
