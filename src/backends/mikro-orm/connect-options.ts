import { UnderscoreNamingStrategy } from '@mikro-orm/core';
import { TrackUsageError } from '../../errors.js';
import { type OptionReader, isObject } from '../../option-reader.js';

/** MikroORM takes what is not given from MIKRO_ORM_…, and those variables are about the application's database. */
export const NOT_FROM_ENVIRONMENT = {
  clientUrl: undefined,
  host: undefined,
  port: undefined,
  user: undefined,
  password: undefined,
  schema: undefined,
  timezone: undefined,
  namingStrategy: UnderscoreNamingStrategy,
  debug: false,
};

/** Options of a connection of our own, as far as every database has them. */
interface ConnectOptions {
  readonly driverOptions?: object | undefined;
}

/** Reads what the driver's own client is given beside our options. */
export function readDriverOptions(reader: OptionReader<ConnectOptions>): object {
  return reader.read<object>('driverOptions', isObject, 'an object', {});
}

/**
 * Reads text of which errors show nothing.
 *
 * @param subject - who takes the options, for the error
 * @throws {TrackUsageError} `INVALID_OPTION` if it is not text that `accepts` takes
 */
export function readSecret<Options extends object>(
  subject: string,
  options: Options,
  name: keyof Options & string,
  accepts: (text: string) => boolean,
  expected: string,
): string | undefined {
  const value: unknown = options[name];
  if (value === undefined || (typeof value === 'string' && accepts(value))) return value;
  throw new TrackUsageError(
    'INVALID_OPTION',
    `${subject}: the option '${name}' cannot be used (its value is not shown); expected ${expected}.`,
  );
}
