import { expect } from 'chai';
import { ClickHouseStorage } from '../../src/backends/clickhouse/index.js';
import { clickHouseOptions, execute } from '../support/clickhouse.js';
import { describeOn } from '../support/describe-on.js';
import { FaultLane } from '../support/fault-lane.js';
import { clickhouseFaults } from './clickhouse-faults.js';
import { describeReadingFaults } from './reading-faults.js';
import { describeStorageFaults } from './storage-faults.js';
import { describeScene } from './with-scene.js';

describeScene('clickhouse', function faults(scene) {
  this.timeout(30_000);
  describeStorageFaults(clickhouseFaults, scene);
  describeReadingFaults(clickhouseFaults, scene);
});

// chDB knows no users: only a server that a variable names, with a user who may make others, can show this.
if (/:\/\/[^/]+@/.test(process.env['CLICKHOUSE_URL'] ?? ''))
  describeOn('clickhouse', function users(server) {
    this.timeout(30_000);

    it('waits while its password is wrong, and says so without it', async () => {
      const database = await server().freshDatabase();
      const user = `writer_${database.name}`;
      await execute(database.url, `create user ${user} identified by 'pencil99'`);
      await execute(database.url, `grant all on ${database.name}.* to ${user}`);
      const options = { ...clickHouseOptions(database.url), username: user, password: 'pencil99' };
      const storage = await ClickHouseStorage.connect(options);
      const records = new FaultLane(storage);
      records.accept(50);
      await records.stored();
      await execute(database.url, `alter user ${user} identified by 'another'`);
      records.accept(150);
      expect(await records.asked()).to.match(clickhouseFaults.advice?.password as RegExp);
      for (const { message } of records.errors) expect(message).not.to.include('pencil99');
      await execute(database.url, `alter user ${user} identified by 'pencil99'`);
      await records.stored();
      records.expectTransient('STORAGE_SETUP');
      expect(await clickhouseFaults.ids(database.url)).to.deep.equal(records.ids);
      await records.pipeline.close(0);
      await storage.close();
      await execute(database.url, `drop user ${user}`);
      await database.drop();
    });
  });
