import { mongodbFaults } from './mongodb-faults.js';
import { describeReadingFaults } from './reading-faults.js';
import { describeStorageFaults } from './storage-faults.js';
import { describeScene } from './with-scene.js';

describeScene('mongodb', function faults(scene) {
  this.timeout(30_000);
  describeStorageFaults(mongodbFaults, scene);
  describeReadingFaults(mongodbFaults, scene);
});
