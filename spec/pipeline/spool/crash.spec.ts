import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import type { ChildConfig } from '../../support/children/child-config.js';
import { expectBalanced } from '../../support/accounts.js';
import type { ChildMood } from '../../support/children/keyed-storage.js';
import { Seeded } from '../../support/seeded.js';
import { useTemporaryFolder } from '../../support/sqlite.js';
import { Requests, TrackedChild, killAll, readReport, storedPaths } from '../../support/tracked-child.js';

const CHAINS = 2;
const ROUNDS = 13;

describe('A server that is killed at random moments', function crashes() {
  this.timeout(120_000);
  const folder = useTemporaryFolder(killAll);

  /** Kills one process after another on the same spool, and returns what had been safe when they died. */
  async function chain(name: string, random: Seeded): Promise<{ safe: string[]; answered: string[] }> {
    const config: ChildConfig = {
      database: folder.file(`${name}.db`),
      tracker: {
        spool: { dir: folder.file(name), mode: 'wal', fsync: random.pick(['always', 'interval', 'never']) },
        batch: { maxRecords: 50, maxDelayMs: 5 },
        retry: { minDelayMs: 1, maxDelayMs: 20, attemptTimeoutMs: 50 },
      },
    };
    const safe: string[] = [];
    const answered: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const report = folder.file(`${name}-${round}.ndjson`);
      const mood = random.pick<ChildMood>([
        'store',
        'slow',
        'reject',
        'hang',
        'begin-and-hang',
        'commit-and-hang',
      ]);
      const child = await TrackedChild.start({ ...config, mood, report });
      const requests = new Requests(`${name}-${round}`);
      const last = random.integer(1, 250);
      await requests.send(child.port, Infinity, () => {
        if (requests.answered.length === last) child.signal('SIGKILL');
      });
      await child.ended;
      const { paths, last: counts } = await readReport(report);
      safe.push(...paths.slice(0, paths.length - counts.queued));
      answered.push(...requests.answered);
      expect(requests.wrong).to.deep.equal([]);
    }
    const child = await TrackedChild.start(config);
    // Where everything was stored by the time of the last kill, there would be nothing to wait for.
    const requests = new Requests(`${name}-end`);
    await requests.send(child.port, 1);
    answered.push(...requests.answered);
    const look = await child.waitFor(
      'all that was left is stored',
      ({ stats }) => stats.accepted > 0 && stats.spooled + stats.queued + stats.inFlight === 0,
    );
    expectBalanced(look.stats);
    await child.finish();
    const left = await readdir(folder.file(name), { recursive: true });
    expect(left.filter((file) => file.endsWith('.ndjson'))).to.deep.equal([]);
    return { safe, answered };
  }

  it(`loses nothing that had reached its write-ahead spool, and stores nothing twice, in ${CHAINS * ROUNDS} rounds`, async () => {
    const seeds = new Seeded();
    const chains = Array.from({ length: CHAINS }, (_, index) => ({
      name: `chain-${index}`,
      random: new Seeded(seeds.integer(0, 2 ** 31)),
    }));
    await Promise.all(
      chains.map(async ({ name, random }) => {
        const { safe, answered } = await chain(name, random);
        const stored = storedPaths(folder.file(`${name}.db`));
        const rows = new Set(stored);
        const seed = `seed ${random.seed}`;
        expect(
          safe.filter((path) => !rows.has(path)),
          seed,
        ).to.deep.equal([]);
        expect(stored, seed).to.have.lengthOf(rows.size);
        expect(safe.length, seed).to.be.within(ROUNDS, answered.length + 8 * ROUNDS);
      }),
    );
  });
});
