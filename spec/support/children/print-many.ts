/** A process that prints records to a reader who leaves early, and says on stderr how it went. */
import { PrinterStorage } from '../../../src/backends/printer/printer-storage.js';
import { makeRecords } from '../records.js';

const storage = new PrinterStorage({ format: 'json' });
const { signal } = new AbortController();
let failure = '';
for (let batch = 0; batch < 200 && failure === ''; batch += 1) {
  try {
    await storage.store(makeRecords(100), signal);
  } catch (error) {
    failure = (error as { code?: string }).code ?? String(error);
  }
}
// The stream's own event comes after the rejection.
await new Promise((resolve) => setTimeout(resolve, 20));
process.stderr.write(`survived ${failure}`);
