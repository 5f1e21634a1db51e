import { mongodbFaults } from './mongodb-faults.js';
import { describeStorageFaults } from './storage-faults.js';
import { describeScene } from './with-scene.js';

describeScene('mongodb', function faults(scene) {
  this.timeout(30_000);
  describeStorageFaults(mongodbFaults, scene);

  // FerretDB in its embedded form knows neither users nor transactions, and a mongod of the specs asks for no password.
  it('waits for a right that was revoked, and says what to grant (it takes MongoDB itself with --auth)');
  it('waits while its password is wrong, and says so without it (it takes MongoDB itself with --auth)');
  it('comes out of a write conflict with the application (it takes transactions: MongoDB itself as a replica set)');
});
