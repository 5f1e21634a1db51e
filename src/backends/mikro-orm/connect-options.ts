import { UnderscoreNamingStrategy } from '@mikro-orm/core';
import { isObject, option } from '../../option-reader.js';
import { FILTERS, type UsageFilter } from '../../storage/usage-filters.js';

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

/** A field that an index can be made for. A path is sent by strangers, and may be longer than an index takes. */
export type IndexedField = Exclude<UsageFilter, 'path'>;

const INDEXED: readonly unknown[] = FILTERS.filter((name) => name !== 'path');

/** The option that names the fields that indexes are made for. */
export function indexes(): readonly IndexedField[] | undefined {
  return option<readonly IndexedField[]>({
    default: [],
    expected: `a list of fields, each of them once, among ${INDEXED.join(', ')}`,
    accepts: (value) =>
      Array.isArray(value) &&
      new Set(value).size === value.length &&
      [...value].every((name) => INDEXED.includes(name)),
  });
}

/** The option whose value a driver's own client gets. */
export function driverOptions(): object | undefined {
  return option<object>({ default: {}, expected: 'an object', accepts: isObject });
}
