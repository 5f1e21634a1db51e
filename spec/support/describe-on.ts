import { leavePending, MONGODB_ITSELF, tellPending } from './pending.js';
import {
  type EngineName,
  isRequired,
  missing,
  NoServer,
  type OwnServer,
  sharedServer,
  startOwn,
  stopShared,
  type TestServer,
} from './servers.js';
import { flawOfSecantusDB } from './servers/secantusdb-flaws.js';

const TITLES = {
  postgresql: 'on PostgreSQL',
  mariadb: 'on MariaDB',
  mysql: 'on MySQL',
  mongodb: 'on MongoDB',
  nats: 'on NATS',
  mongod: `on ${MONGODB_ITSELF}`,
  clickhouse: 'on ClickHouse',
  secantusdb: 'on SecantusDB',
} as const satisfies Record<EngineName, string>;

// This module is loaded while mocha loads the specs: the hook is the root suite's. A worker of mocha's goes on to the next file
// with the same servers, which end when it does.
if (process.env['MOCHA_WORKER_ID'] === undefined) {
  after(async function () {
    this.timeout(60_000);
    await stopShared();
  });
}

/** What servers get wrong that only speak the protocol of another. */
const FLAWS: Partial<Record<EngineName, typeof flawOfSecantusDB>> = { secantusdb: flawOfSecantusDB };

/** What a suite needs before it can run. */
interface Need<Server> {
  readonly title: string;
  /** Why it cannot be had; nothing if it may be. */
  readonly missing: string | undefined;
  /** Whether its lack fails the suite. */
  readonly isRequired: boolean;
  /** @throws {NoServer} if it cannot be had. */
  readonly open: () => Promise<Server>;
  /** What it gets wrong in the spec of a title, which stays pending then. @default nothing */
  readonly flawOf?: ((title: string | undefined) => string | undefined) | undefined;
}

/** A suite with something that this machine may lack. */
export function suiteWith<Server>(
  { title, missing: reason, isRequired: isNeeded, open, flawOf }: Need<Server>,
  body: (this: Mocha.Suite, server: () => Server) => void,
): void {
  let opened: Server | undefined;
  const server = (): Server => {
    if (opened === undefined) throw new Error('There is a server in hooks and tests alone.');
    return opened;
  };
  if (reason !== undefined && !isNeeded) {
    tellPending(reason);
    describe.skip(`${title} (${reason})`, function () {
      body.call(this, server);
    });
    return;
  }
  describe(title, function () {
    before(async function () {
      // A server has a time limit of its own, which is longer where it has to be built first.
      this.timeout(0);
      try {
        opened = await open();
      } catch (error) {
        if (!(error instanceof NoServer) || isNeeded) throw error;
        tellPending(error.message);
        this.skip();
      }
    });
    beforeEach(function () {
      const flaw = flawOf?.(this.currentTest?.title);
      if (flaw !== undefined) leavePending(this, flaw);
    });
    body.call(this, server);
  });
}

/**
 * A suite against a real server, which all suites share: it takes a `freshDatabase()`. The suite is pending, with the
 * reason in its title and in the output, where the server cannot be had; with `REQUIRE_SERVERS=1` it fails.
 */
export function describeOn(
  name: EngineName,
  body: (this: Mocha.Suite, server: () => TestServer) => void,
): void {
  suiteWith(
    {
      title: TITLES[name],
      missing: missing(name),
      isRequired: isRequired(name),
      open: () => sharedServer(name),
      flawOf: FLAWS[name],
    },
    body,
  );
}

/**
 * The same with a server of its own, to be stopped, killed and frozen. It is never one that a variable names. `durable` lets it
 * wait for the disk.
 */
export function describeOnOwn(
  name: EngineName,
  body: (this: Mocha.Suite, server: () => OwnServer) => void,
  options: Parameters<typeof startOwn>[1] = {},
): void {
  let own: OwnServer | undefined;
  const open = async (): Promise<OwnServer> => (own = await startOwn(name, options));
  const need = {
    title: TITLES[name],
    missing: missing(name, 'own'),
    isRequired: isRequired(name),
    open,
    flawOf: FLAWS[name],
  };
  suiteWith(need, function (server) {
    body.call(this, server);
    after(async function () {
      this.timeout(60_000);
      await own?.dispose();
    });
  });
}
