import { Server } from 'node:net';
import { type Settings, integer, isFunction, isObject, option, readOptions } from '../option-reader.js';

const HOUR_MS = 3_600_000;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const;

/** What is ended with a tracker: servers, or a function that returns them. */
export type ClosingServer =
  | Server
  | readonly Server[]
  | (() => Server | readonly Server[] | null | undefined);

/** How a tracker is closed. */
export class CloseOptions {
  /**
   * What is ended first: a server of `node:http`, `node:https` or `node:http2`, a list of them, or a function that returns
   * either, for a server that is made later. @default none
   */
  readonly server? = option<ClosingServer>({
    default: null,
    expected: 'a server, as app.listen() returns it, a list of servers, or a function that returns either',
    accepts: (value) => isFunction(value) || [value].flat().every((server) => server instanceof Server),
  });
  /** How long all of it may take, in milliseconds, from 0 to 3,600,000. @default 5_000 */
  readonly timeoutMs? = integer({ min: 0, max: HOUR_MS, default: 5000, unit: 'milliseconds' });
}

/** On which signals a tracker closes itself, and how. */
export class SignalOptions extends CloseOptions {
  /** At least one of `SIGTERM`, `SIGINT`, `SIGHUP`, `SIGUSR2`. @default ['SIGTERM', 'SIGINT'] */
  readonly signals? = option<readonly (typeof SIGNALS)[number][]>({
    default: SIGNALS.slice(0, 2),
    expected: `a list of ${SIGNALS.join(', ')}`,
    accepts: (list) =>
      Array.isArray(list) && list.length > 0 && list.every((signal) => SIGNALS.includes(signal)),
  });
}

/** The options with every default filled in. */
export type SignalSettings = Settings<SignalOptions>;

/** The option `handleSignals`: true for the defaults, false for no signals. */
export function closingSignals(): boolean | SignalOptions | undefined {
  const read = (subject: string, given: boolean | SignalOptions): SignalSettings => {
    const settings = readOptions(subject, SignalOptions, isObject(given) ? given : {}, 'handleSignals');
    return given === false ? { ...settings, signals: [] } : settings;
  };
  return option<boolean | SignalOptions>({
    table: SignalOptions,
    default: read('', false),
    expected: 'true, false, or an object such as { server }',
    accepts: (value) => typeof value === 'boolean' || isObject(value),
    convert: (given, { subject }) => read(subject, given),
  });
}
