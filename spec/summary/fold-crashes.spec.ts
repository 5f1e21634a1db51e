import { describeCrashes } from '../support/summary-images.js';

describe('summaries in a file of SQLite that are folded', function crashes() {
  this.timeout(120_000);
  describeCrashes(['fold', 'merge', 'refold']);
});
