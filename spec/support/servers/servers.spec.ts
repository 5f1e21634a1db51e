import { expect } from 'chai';
import { describeOn, describeOnOwn } from '../describe-on.js';
import { PLAIN_CLIENTS } from './plain-clients.js';
import type { FreshDatabase } from '../servers.js';

const DESCRIPTIONS = {
  postgresql: /^PostgreSQL \d+\.\d+ \(.+\)$/,
  mariadb: /^MariaDB \d+\.\d+\.\d+ \(.+\)$/,
  mysql: /^MySQL \d+\.\d+\.\d+ \(.+\)$/,
  clickhouse: /^ClickHouse \d+\.\d+\.\d+\.\d+ \(.+\)$/,
  mongodb: /^(MongoDB|FerretDB) \d+\.\d+\.\d+ \(.+\)$/,
  secantusdb: /^SecantusDB \d+\.\d+\.\d+\w* \(.+\)$/,
};

const ENGINES = ['postgresql', 'mariadb', 'mysql', 'mongodb', 'secantusdb', 'clickhouse'] as const;

/** Whether a promise is still open after a quarter of a second. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const wait = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, 250, true);
  });
  const settled = promise.then(
    () => false,
    () => false,
  );
  return Promise.race([settled, wait]).finally(() => clearTimeout(timer));
}

describe('A test server', () => {
  for (const name of ENGINES) {
    const client = PLAIN_CLIENTS[name];

    describeOn(name, (server) => {
      it('answers to the driver, with its name and version', async () => {
        expect(server().description).to.match(DESCRIPTIONS[name]);
        const database = await server().freshDatabase();
        await client.write(database.url, 7);
        expect(await client.read(database.url)).to.deep.equal([7]);
        await database.drop();
      });

      it('gives each who asks a database of its own', async () => {
        const [one, other] = [await server().freshDatabase(), await server().freshDatabase()];
        expect(one.name).to.not.equal(other.name);
        await client.write(one.url, 1);
        await client.write(other.url, 2);
        expect(await client.read(one.url)).to.deep.equal([1]);
        await other.drop();
        expect(await client.read(one.url)).to.deep.equal([1]);
        await one.drop();
      });

      it('can be reached by its parts as by its URL', () => {
        const { host, port, user, password } = server();
        const url = new URL(server().url('some'));
        expect([url.hostname, Number(url.port), url.username, url.password, url.pathname]).to.deep.equal([
          host,
          port,
          user,
          password,
          '/some',
        ]);
      });
    });

    // It takes seconds to start, and the specs of faults kill and freeze it too.
    if (name === 'mysql') continue;

    // When it is killed, SecantusDB loses what it has acknowledged and not synced.
    const options = { durable: name === 'secantusdb' };

    describeOnOwn(
      name,
      (server) => {
        let database: FreshDatabase;

        before(async () => {
          database = await server().freshDatabase();
          await client.write(database.url, 1);
        });

        it('has its data and its port still when it was killed and started again', async () => {
          const { pid } = server();
          await server().kill();
          expect(server().pid).to.equal(undefined);
          expect(() => process.kill(Number(pid), 0)).to.throw('ESRCH');
          await server().start();
          expect(await client.read(database.url)).to.deep.equal([1]);
        });

        it('has its data still when it was stopped and started again', async () => {
          await server().stop();
          await server().start();
          expect(await client.read(database.url)).to.deep.equal([1]);
        });

        it('answers when it thaws, and not before', async () => {
          server().freeze();
          const answer = client.read(database.url);
          const wasOpen = await isOpen(answer);
          server().thaw();
          expect(await answer).to.deep.equal([1]);
          expect(wasOpen).to.equal(true);
        });

        it('can be killed while it is frozen', async () => {
          server().freeze();
          await server().kill();
          await server().start();
          expect(await client.read(database.url)).to.deep.equal([1]);
        });
      },
      options,
    );
  }
});
