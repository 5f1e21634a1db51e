import { hasMethods, option } from '../option-reader.js';
import { type Clock, systemClock } from '../time/clock.js';

/** Where the tracker logs what an operator should know. `console` is one. */
export interface UsageLogger {
  /** Something works less well than it could. */
  warn(message: string): void;
  /** Something does not work. */
  error(message: string): void;
}

/** The option `logger`. */
export function logger(): UsageLogger | undefined {
  return option<UsageLogger>({
    default: console,
    expected: 'an object with the methods warn and error',
    accepts: (value) => hasMethods(value, 'warn', 'error'),
  });
}

/** The option `clock`. */
export function clock(): Clock | undefined {
  return option<Clock>({
    default: systemClock,
    expected: 'an object with now, monotonic, setTimeout and clearTimeout',
    accepts: (value) => hasMethods(value, 'now', 'monotonic', 'setTimeout', 'clearTimeout'),
  });
}
