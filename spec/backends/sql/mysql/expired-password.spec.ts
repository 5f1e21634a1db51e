import { MariaDbDriver } from '@mikro-orm/mariadb';
import { expect } from 'chai';
import type { Connection } from 'mysql2/promise';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

describe('SqlStorage with an expired password of MySQL or MariaDB', () => {
  describeOnMySql(function (server, { driver, connectMySql, mySqlOrm }) {
    const isSettable = driver === MariaDbDriver;
    this.timeout(30_000);
    let database: FreshDatabase;
    let other: Connection;
    let user: string;
    let url: string;

    before(async () => {
      database = await server().freshDatabase();
      other = await openMySql(database.url);
      // MySQL's can only be set when it is started, and is on.
      if (isSettable) await other.query('set @before = @@global.disconnect_on_expired_password');
      user = `'e_${database.name.slice(-12)}'@'%'`;
      await other.query(`create user ${user} identified by 'pA55word'`);
      await other.query(`grant all on \`${database.name}\`.* to ${user}`);
      const own = new URL(database.url);
      Object.assign(own, { username: `e_${database.name.slice(-12)}`, password: 'pA55word' });
      url = own.href;
    });

    after(async () => {
      if (isSettable) await other.query('set global disconnect_on_expired_password = @before');
      await other.query(`drop user ${user}`);
      await other.end();
      await database.drop();
    });

    const settings = [
      ['on', 1862],
      ['off', 1820],
    ] as const;
    for (const [setting, number] of settings.slice(0, isSettable ? 2 : 1)) {
      it(`says what to do, where the server disconnects such users: ${setting}`, async () => {
        await other.query(`alter user ${user} identified by 'pA55word'`);
        if (isSettable) await other.query(`set global disconnect_on_expired_password = ${setting}`);
        const orm = await mySqlOrm(url);
        // Its connections are made anew, as a session that is there may go on.
        await orm.close(true);
        await other.query(`alter user ${user} password expire`);
        await orm.connect();
        const error = await caught(new SqlStorage(orm).store([makeRecord()], signal));
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.cause).to.include({ errno: number });
        expect(error.message).to.include('set another with ALTER USER').and.not.include('pA55word');
        const refused = await caught(connectMySql(url));
        expect(refused.message).to.include('set another with ALTER USER').and.not.include('pA55word');
        await orm.close(true);
      });
    }
  });
});
