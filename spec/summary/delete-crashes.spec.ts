import { describeCrashes } from '../support/summary-images.js';

describe('summaries in a file of SQLite whose records are deleted or read again', function crashes() {
  this.timeout(120_000);
  describeCrashes(['prune', 'rebuild', 'erase']);
});
