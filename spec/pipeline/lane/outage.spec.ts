import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { OutageReport } from '../../support/children/outage.js';
import { run } from '../../support/run.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';

const SCRIPT = fileURLToPath(new URL('../../support/children/outage.js', import.meta.url));
const MIB = 1_048_576;

describe('A storage that is away for ten minutes at 200 requests a second', function outages() {
  this.timeout(60_000);
  let folder: TemporaryFolder;

  before(async () => {
    folder = await temporaryFolder();
  });

  after(() => folder.remove());

  async function outage(spool: 'overflow' | 'wal' | 'none'): Promise<OutageReport> {
    const args = ['--expose-gc', SCRIPT, spool, folder.file(spool)];
    const { stdout, stderr, code } = await run(process.execPath, args);
    expect(code, stderr).to.equal(0);
    return JSON.parse(stdout) as OutageReport;
  }

  for (const mode of ['overflow', 'wal'] as const) {
    it(`costs nothing with a spool, and the heap stays flat (${mode})`, async () => {
      const { during, after, storedIds, heapGrowth } = await outage(mode);
      expect(during).to.include({ accepted: 120_000, stored: 0 });
      expect(during.spooled).to.be.within(110_000, 120_000);
      expect(after).to.include({ accepted: 120_000, stored: 120_000, queued: 0, inFlight: 0, spooled: 0 });
      expect(storedIds).to.equal(120_000);
      expect(heapGrowth).to.be.lessThan(32 * MIB);
    });
  }

  it('costs exactly what the queue has no room for without one, counted, and the heap stays flat', async () => {
    const { during, after, storedIds, heapGrowth } = await outage('none');
    expect(during.queued + during.inFlight).to.equal(10_000);
    expect(during.dropped).to.include({ 'queue-full': 110_000 });
    expect(after).to.include({ accepted: 120_000, stored: 10_000, queued: 0, inFlight: 0 });
    expect(after.dropped).to.deep.equal(during.dropped);
    expect(storedIds).to.equal(10_000);
    expect(heapGrowth).to.be.lessThan(32 * MIB);
  });
});
