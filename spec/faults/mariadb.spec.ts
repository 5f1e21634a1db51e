import { MariaDbDriver } from '@mikro-orm/mariadb';
import { mySqlFaults } from './mysql-faults.js';
import { describeReadingFaults, describeSqlReadingFaults } from './reading-faults.js';
import { describeSqlFaults } from './sql-faults.js';
import { describeStorageFaults } from './storage-faults.js';
import { describeScene } from './with-scene.js';

describeScene('mariadb', function faults(scene) {
  this.timeout(30_000);
  const engine = mySqlFaults(MariaDbDriver);
  describeStorageFaults(engine, scene);
  describeSqlFaults(engine, scene);
  describeReadingFaults(engine, scene);
  describeSqlReadingFaults(engine, scene);
});
