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
  mongod: `on ${MONGODB_ITSELF}`,
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

function suiteWith<Server extends TestServer>(
  name: EngineName,
  reason: string | undefined,
  open: () => Promise<Server>,
  body: (this: Mocha.Suite, server: () => Server) => void,
): void {
  let opened: Server | undefined;
  const server = (): Server => {
    if (opened === undefined) throw new Error('There is a server in hooks and tests alone.');
    return opened;
  };
  if (reason !== undefined && !isRequired(name)) {
    tellPending(reason);
    describe.skip(`${TITLES[name]} (${reason})`, function () {
      body.call(this, server);
    });
    return;
  }
  describe(TITLES[name], function () {
    before(async function () {
      // A server has a time limit of its own, which is longer where it has to be built first.
      this.timeout(0);
      try {
        opened = await open();
      } catch (error) {
        if (!(error instanceof NoServer) || isRequired(name)) throw error;
        tellPending(error.message);
        this.skip();
      }
    });
    beforeEach(function () {
      const flaw = name === 'secantusdb' ? flawOfSecantusDB(this.currentTest?.title) : undefined;
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
  suiteWith(name, missing(name), () => sharedServer(name), body);
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
  suiteWith(name, missing(name, 'own'), open, function (server) {
    body.call(this, server);
    after(async function () {
      this.timeout(60_000);
      await own?.dispose();
    });
  });
}
