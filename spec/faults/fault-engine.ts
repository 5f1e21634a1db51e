import type { UsageStorage } from '../../src/storage/usage-storage.js';
import type { TcpProxy } from '../support/tcp-proxy.js';

/** A storage, and what has to be closed with it. */
export interface OpenStorage {
  readonly storage: UsageStorage;
  close(): Promise<void>;
}

/** The application's own connections, and a storage on them. */
export interface Application extends OpenStorage {
  /** Takes all connections of the pool. The promise is fulfilled with how to give them back. */
  exhaust(proxy: TcpProxy): Promise<() => Promise<void>>;
  /** How many wait for a connection of the pool; null where the driver does not tell. */
  readonly waiting: (() => number) | null;
  /** Asks the database something through the pool, and fails where the application would. */
  work(): Promise<void>;
}

/** A session of the plain driver's. */
export interface Session {
  run(sql: string): Promise<void>;
  end(): Promise<void>;
}

/** A user who may do no more than write records. */
export interface Writer {
  /** The database, with this user's name and password. */
  readonly url: string;
  revoke(): Promise<void>;
  grant(): Promise<void>;
  /** Gives the user another password, and ends the sessions that had the old one. */
  changePassword(password: string): Promise<void>;
  /** The password in `url`. */
  readonly password: string;
}

/** What only a person can mend, and what the error has to say. */
export interface Advice {
  readonly table: RegExp;
  readonly right: RegExp;
  readonly password: RegExp;
}

/** How to bring about faults of one engine. Everything is done by its plain driver, past the library. */
export interface FaultEngine {
  /** Connections that a storage of its own has at a time, at most, the server frozen or not. */
  readonly mostConnections: number;
  /** Whether its client tells that nothing was sent. MongoDB's says that it has found no server, perhaps when it sends something again. */
  readonly tellsUnsent: boolean;
  /** A storage of its own connection. */
  connect(url: string): Promise<UsageStorage>;
  /** A storage on an application's connections, so many at most. The table is there. */
  application(url: string, connections: number): Promise<Application>;
  /** The ids of all rows, in order. */
  ids(url: string): Promise<string[]>;
  dropTable(url: string): Promise<void>;
  /** Whether a request to the server inserts records, and is complete. */
  isInsert(sent: Buffer): boolean;
  /** Whether the server has answered it. */
  isAnswer(answer: Buffer): boolean;
  /** What errors say; null where the engine makes tables by itself. */
  readonly advice: Advice | null;
  /** SQL alone. */
  readonly sql: SqlFaults | null;
  /** What an error says that comes of a disk without room. */
  readonly diskFull: RegExp;
  /**
   * Makes the table on another disk.
   *
   * @param folder - an empty folder on that disk, the server's own
   * @param pid - the server's process
   * @returns whether this server can
   */
  useDisk(url: string, folder: string, pid: number): Promise<boolean>;
}

/** What SQL databases have. */
export interface SqlFaults {
  session(url: string): Promise<Session>;
  /** Inserts a row with no more than an id and what is not null. */
  insertRow(id: string): string;
  /** Whether a session of this database waits for a lock. */
  isWaiting(url: string): Promise<boolean>;
  makeWriter(url: string): Promise<Writer>;
}
