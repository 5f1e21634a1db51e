import type { IDatabaseDriver, MikroORM } from '@mikro-orm/core';
import { Kysely } from '@mikro-orm/sql';

/**
 * Whether the options of a driver hold a client that was made by the user: an instance of Kysely, a dialect of Kysely
 * such as MikroORM's `NodeSqliteDialect`, or a function that makes one of them. It has to be passed on as it is.
 */
export function isReadyMade(driverOptions: unknown): boolean {
  if (typeof driverOptions === 'function' || driverOptions instanceof Kysely) return true;
  return typeof driverOptions === 'object' && driverOptions !== null && 'createDriver' in driverOptions;
}

/** The hooks of MikroORM that make a connection ready before it is used. */
const HOOKS = ['onCreateConnection', 'onReserveConnection'] as const;

/**
 * Whether the application has its connections made ready by MikroORM, or has given it a client of its own: then the pool
 * cannot be used behind MikroORM's back.
 */
export function needsKysely({ config }: MikroORM): boolean {
  return (
    HOOKS.some((hook) => config.get(hook) !== undefined) ||
    (config.get('sessionContext') as unknown) === 'connection' ||
    isReadyMade(config.get('driverOptions'))
  );
}

/**
 * Whether a driver of MikroORM makes its connections by a certain package, so that its native client is that package's.
 * The package's name is data of the driver: it survives minifying, and is there before anything is connected.
 */
export function drives(driver: IDatabaseDriver, packageName: string): boolean {
  return driver.getDependencies().includes(packageName) && !isReadyMade(driver.config.get('driverOptions'));
}
