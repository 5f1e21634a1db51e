import { UnderscoreNamingStrategy } from '@mikro-orm/core';
import { isObject, option } from '../../option-reader.js';

/** Settings that MikroORM would otherwise take from MIKRO_ORM_… variables, which are about the application's database. */
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

/** The option whose value a driver's own client gets. */
export function driverOptions(): object | undefined {
  return option<object>({ default: {}, expected: 'an object', accepts: isObject });
}
