import type { MikroORM } from '@mikro-orm/core';
import type { AbstractSqlConnection } from '@mikro-orm/sql';
import { LOCK_WAIT_MS } from '../connection-lease.js';

/** A statement with its parameters. Parameters that are bytes are sent in PostgreSQL's binary format. */
export interface Statement {
  readonly text: string;
  readonly values: readonly (string | Buffer)[];
}

/** The part of pg's client that is used here. */
export interface NativeClient {
  query(statement: string | Statement): Promise<{ readonly rows: readonly unknown[] }>;
  query(query: Query): unknown;
  /** Gives the client back to its pool, or destroys it. */
  release(destroy?: boolean): void;
}

/** MikroORM's connection to PostgreSQL, with the part of pg's pool that is used here. */
interface PostgresConnection extends AbstractSqlConnection {
  getNativeClient(): Promise<{ connect(): Promise<NativeClient> }>;
}

/** A query for pg's client: of pg's own class, or of another that can submit itself. */
interface Query {
  submit(connection: Wire): unknown;
}

type QueryClass = new (statement: Statement, values: undefined, done: (error: Error | null) => void) => Query;

/** The part of pg's connection that writes messages of the protocol. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  parse(statement: { readonly text: string }): void;
  bind(values: object): void;
  execute(portal: object): void;
}

/** The statement finds no row, so that the answer is nothing but its end. */
const BOUND_LOCKS = `select 1 where set_config('lock_timeout', '${LOCK_WAIT_MS}', true) is null`;

/** The ORM's connection for writing. */
export function postgresConnection(orm: Pick<MikroORM, 'em'>): PostgresConnection {
  return orm.em.getConnection('write') as unknown as PostgresConnection;
}

/**
 * Runs a statement by itself, which waits for no lock longer than some seconds. The bound goes ahead of the statement in
 * one message: bound and statement are one transaction, at whose end the session is as it was, and one round trip. The
 * bound holds through a pooler of transactions too, such as PgBouncer.
 */
export function runBounded(client: NativeClient, statement: Statement): Promise<void> {
  const { Query } = client.constructor as unknown as { readonly Query: QueryClass };
  return new Promise((resolve, reject) => {
    // A copy, as pg writes into the statement that it is given.
    const query = new Query({ ...statement }, undefined, (error) =>
      error === null ? resolve() : reject(error),
    );
    const submit = query.submit.bind(query);
    query.submit = (wire) => {
      wire.stream.cork();
      wire.parse({ text: BOUND_LOCKS });
      wire.bind({});
      wire.execute({});
      const error = submit(wire);
      wire.stream.uncork();
      return error;
    };
    client.query(query);
  });
}
