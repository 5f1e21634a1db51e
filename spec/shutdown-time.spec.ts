import { expect } from 'chai';
import type { CloseResult } from '../src/pipeline/pipeline.js';
import { countDropped } from '../src/pipeline/telling/accounting.js';
import { expectBalanced } from './support/accounts.js';
import type { ChildConfig } from './support/children/child-config.js';
import { useTemporaryFolder } from './support/sqlite.js';
import { Requests, TrackedChild, killAll } from './support/tracked-child.js';

type TimedResult = CloseResult & { readonly tookMs: number };

const TIMEOUT_MS = 300;
/** 250 ms are promised; some are for what the process does until it is told. */
const BOUND_MS = TIMEOUT_MS + 250 + 1000;
/** What waits for it would be far beyond the bound. */
const FOREVER_MS = 15_000;

describe('close({ timeoutMs })', function closing() {
  this.timeout(20_000);
  const folder = useTemporaryFolder(killAll);

  async function closed(config: Partial<ChildConfig>): Promise<TimedResult> {
    const child = await TrackedChild.start({ database: folder.file('usage.db'), ...config });
    await new Requests('r').send(child.port, 20);
    await child.waitFor('all is handed over', ({ stats }) => stats.accepted === 20);
    const [first, second] = await Promise.all([
      child.ask<TimedResult>('close', TIMEOUT_MS),
      child.ask<TimedResult>('close', TIMEOUT_MS),
    ]);
    expect({ ...second, tookMs: 0 }).to.deep.equal({ ...first, tookMs: 0 });
    expect(first.tookMs).to.be.lessThan(BOUND_MS);
    expect(first.stored + first.spooled + first.dropped).to.equal(20);
    const { stats } = await child.look();
    expectBalanced(stats);
    expect(stats).to.include({ queued: 0, inFlight: 0, stored: first.stored, spooled: first.spooled });
    expect(countDropped(stats.dropped)).to.equal(first.dropped);
    const late = new Requests('late');
    await late.send(child.port, 3);
    expect(late).to.deep.include({ wrong: [], answered: ['/late/1', '/late/2', '/late/3'] });
    await child.waitFor('the late ones are counted', (look) => look.stats.dropped.late === 3);
    return first;
  }

  const spool = (mode: 'wal' | 'overflow') => ({ dir: folder.file('spool'), mode });

  it('says what was stored', async () => {
    expect(await closed({})).to.include({ stored: 20, spooled: 0, dropped: 0 });
  });

  it('does not wait for a storage that hangs', async () => {
    expect(await closed({ mood: 'hang' })).to.include({ stored: 0, spooled: 0, dropped: 20 });
  });

  it('does not wait for a storage that rejects', async () => {
    expect(await closed({ mood: 'reject' })).to.include({ stored: 0, spooled: 0, dropped: 20 });
  });

  for (const mode of ['wal', 'overflow'] as const) {
    it(`leaves to the spool what a storage that hangs did not take (${mode})`, async () => {
      expect(await closed({ mood: 'hang', tracker: { spool: spool(mode) } })).to.include({
        stored: 0,
        spooled: 20,
        dropped: 0,
      });
    });

    for (const mood of ['store', 'hang'] as const) {
      it(`does not wait for a disk that does not answer, with a storage in the mood '${mood}' (${mode})`, async () => {
        const tracker = { spool: spool(mode) };
        const result = await closed({ mood, tracker, writeDelayMs: FOREVER_MS });
        const isStored = mode === 'overflow' && mood === 'store';
        expect(result).to.include({ stored: isStored ? 20 : 0, spooled: 0, dropped: isStored ? 0 : 20 });
      });
    }
  }
});
