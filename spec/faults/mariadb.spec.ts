import { mariadbFaults } from './mariadb-faults.js';
import { describeSqlFaults } from './sql-faults.js';
import { describeStorageFaults } from './storage-faults.js';
import { describeScene } from './with-scene.js';

describeScene('mariadb', function faults(scene) {
  this.timeout(30_000);
  describeStorageFaults(mariadbFaults, scene);
  describeSqlFaults(mariadbFaults, scene);
});
