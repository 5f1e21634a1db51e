import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { trackUsage } from '../../src/index.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { run } from '../support/run.js';
import { useTemporaryFolder } from '../support/sqlite.js';

const SCRIPT = fileURLToPath(new URL('../support/children/sharing-script.js', import.meta.url));

describe('A storage that several trackers have', function shared() {
  this.timeout(20_000);
  const folder = useTemporaryFolder();

  it('goes on for the others when one is closed, and is closed with the last, so that the process ends', async () => {
    const { code, stdout, stderr } = await run(process.execPath, [SCRIPT, folder.file('usage.db')]);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).to.deep.equal({
      ofFirst: { stored: 1, spooled: 0, dropped: 0 },
      ofSecond: { stored: 2, spooled: 0, dropped: 0 },
      count: 1,
      isClosed: true,
      lastError: null,
    });
  });

  it('is closed once, by trackers that are closed at once and in any order', async () => {
    const [both, alone] = [new FaultyStorage('both'), new FaultyStorage('alone')];
    const trackers = [both, [both, alone], [both, both]].map((storage) => trackUsage({ storage }).tracker);
    await trackers[1]?.close();
    expect([both.closed, alone.closed]).to.deep.equal([0, 1]);
    await Promise.all([trackers[0]?.close(), trackers[2]?.close(), trackers[0]?.close()]);
    expect([both.closed, alone.closed]).to.deep.equal([1, 1]);
    await trackUsage({ storage: both }).tracker.close();
    expect(both.closed).to.equal(2);
  });
});
