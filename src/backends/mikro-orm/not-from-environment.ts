import { UnderscoreNamingStrategy } from '@mikro-orm/core';

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
