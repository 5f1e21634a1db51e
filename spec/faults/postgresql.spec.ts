import { postgresqlFaults } from './postgresql-faults.js';
import { describeReadingFaults, describeSqlReadingFaults } from './reading-faults.js';
import { describeSqlFaults } from './sql-faults.js';
import { describeStorageFaults } from './storage-faults.js';
import { describeScene } from './with-scene.js';

describeScene('postgresql', function faults(scene) {
  this.timeout(30_000);
  describeStorageFaults(postgresqlFaults, scene);
  describeSqlFaults(postgresqlFaults, scene);
  describeReadingFaults(postgresqlFaults, scene);
  describeSqlReadingFaults(postgresqlFaults, scene);
});
