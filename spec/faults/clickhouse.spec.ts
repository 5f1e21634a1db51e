import { clickhouseFaults } from './clickhouse-faults.js';
import { describeStorageFaults } from './storage-faults.js';
import { describeScene } from './with-scene.js';

describeScene('clickhouse', function faults(scene) {
  this.timeout(30_000);
  describeStorageFaults(clickhouseFaults, scene);
});
