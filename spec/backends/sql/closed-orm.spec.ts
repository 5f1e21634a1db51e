import { fileURLToPath } from 'node:url';
import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import { SqlStorage, Usage } from '../../../src/backends/sql/index.js';
import { caught } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { mySqlOrm } from '../../support/mysql.js';
import { postgresOrm } from '../../support/postgresql.js';
import { makeRecord } from '../../support/records.js';
import { run } from '../../support/run.js';
import { SQLITE_CLIENTS, applicationOrm, temporaryFolder } from '../../support/sqlite.js';

const PROGRAM = fileURLToPath(new URL('../../support/children/closed-orm.js', import.meta.url));

const { signal } = new AbortController();

interface Place {
  readonly orm: MikroORM;
  /** The argument of the program that leads to the same database. */
  readonly place: string;
  readonly drop: () => Promise<void>;
}

function staysClosed(title: string, kind: string, open: () => Promise<Place>): void {
  describe(title, () => {
    let opened: Place;

    beforeEach(async () => {
      opened = await open();
    });

    afterEach(async () => {
      await opened.orm.close(true);
      await opened.drop();
    });

    it('is not opened again by the storage, which says in which order to close, until the application does', async () => {
      const { orm } = opened;
      const storage = new SqlStorage(orm);
      await storage.store([makeRecord()], signal);
      await orm.close();
      const uses: readonly (() => Promise<unknown>)[] = [
        () => storage.store([makeRecord()], signal),
        () => storage.deleteBefore(new Date(), 1, signal),
        () => storage.salts.claim('2026-01-01', 'a'.repeat(64), signal),
        () => storage.reader.getUsage(),
        () => storage.reader.countUsage(),
        () => orm.em.fork().getRepository(Usage).getUsage(),
      ];
      for (const use of uses) {
        const error = await caught(use());
        expect(error).to.include({ code: 'STORAGE_CLOSED' });
        expect(error.message).to.include('await tracker.close(), then orm.close()');
      }
      expect(await orm.isConnected()).to.equal(false);
      await orm.reconnect();
      await storage.store([makeRecord()], signal);
      expect(await storage.reader.countUsage()).to.equal(2);
    });

    for (const use of ['used', 'unused']) {
      it(`lets the process end, where it was ${use}`, async function () {
        this.timeout(20_000);
        const { code, stdout, stderr } = await run(process.execPath, [PROGRAM, kind, opened.place, use]);
        expect(stderr).to.equal('');
        expect(code).to.equal(0);
        const { closed, lastError } = JSON.parse(stdout) as {
          closed: { stored: number; dropped: number };
          lastError: { message: string };
        };
        expect(closed).to.include({ stored: 0, dropped: 1 });
        expect(JSON.stringify(lastError)).to.include('Close the tracker first');
      });
    }
  });
}

describe("The application's MikroORM, closed before the tracker", function () {
  this.timeout(20_000);

  for (const [title, driver] of SQLITE_CLIENTS) {
    staysClosed(`on ${title}`, 'sqlite', async () => {
      const folder = await temporaryFolder();
      const place = folder.file('app.db');
      return { orm: await applicationOrm({ driver, dbName: place }), place, drop: () => folder.remove() };
    });
  }

  describeOn('postgresql', (server) => {
    staysClosed('by pg', 'postgresql', async () => {
      const database = await server().freshDatabase();
      return { orm: await postgresOrm(database), place: database.url, drop: () => database.drop() };
    });
  });

  describeOn('mariadb', (server) => {
    staysClosed('by mysql2', 'mariadb', async () => {
      const database = await server().freshDatabase();
      return { orm: await mySqlOrm(database.url), place: database.url, drop: () => database.drop() };
    });
  });
});
