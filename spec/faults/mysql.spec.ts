import { MySqlDriver } from '@mikro-orm/mysql';
import { mySqlFaults } from './mysql-faults.js';
import { describeReadingFaults, describeSqlReadingFaults } from './reading-faults.js';
import { describeSqlFaults } from './sql-faults.js';
import { describeStorageFaults } from './storage-faults.js';
import { describeScene } from './with-scene.js';

describeScene('mysql', function faults(scene) {
  this.timeout(30_000);
  const engine = mySqlFaults(MySqlDriver);
  describeStorageFaults(engine, scene);
  describeSqlFaults(engine, scene);
  describeReadingFaults(engine, scene);
  describeSqlReadingFaults(engine, scene);
});
