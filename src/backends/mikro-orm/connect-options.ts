import { UnderscoreNamingStrategy } from '@mikro-orm/core';
import { isObject, option } from '../../option-reader.js';

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

/** The option that the driver's own client is given, of a connection of our own. */
export function driverOptions(): object | undefined {
  return option<object>({ default: {}, expected: 'an object', accepts: isObject });
}
