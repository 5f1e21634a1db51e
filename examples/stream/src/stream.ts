import { SqliteDriver } from '@mikro-orm/sqlite';
import { JetStreamStorage } from 'koa-track-usage/jetstream';
import { SqlStorage } from 'koa-track-usage/sql';

const {
  NATS_URL: servers = 'nats://127.0.0.1:4222',
  STREAM: stream = 'usage',
  USAGE_DB: dbName = 'usage.db',
} = process.env;

/** The database that the worker fills. */
export function openDatabase(): Promise<SqlStorage> {
  return SqlStorage.connect({ driver: SqliteDriver, dbName });
}

/** The stream, on the one server of this example; leave `replicas` out where there are three. */
export function openStream(database?: SqlStorage): Promise<JetStreamStorage> {
  return JetStreamStorage.connect({ servers, stream, replicas: 1, database });
}
