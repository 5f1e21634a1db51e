import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { systemClock } from '../../../src/time/clock.js';
import { Spool } from '../../../src/pipeline/spool/spool.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { makeRecords } from '../../support/records.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';

const COUNT = 6;

/** What damages a file, at a place from 0 (inclusive) to 1 (exclusive) of its length. */
type Damage = { readonly cut: number } | { readonly flip: number; readonly bit: number };

describe('A spool that adopts a damaged segment', () => {
  let folder: TemporaryFolder;
  let runs = 0;

  before(async () => {
    folder = await temporaryFolder();
  });

  after(() => folder.remove());

  function start(dir: string) {
    const counts = { adopted: 0, lost: 0, ready: 0 };
    const settings = { dir, maxBytes: 1_000_000, maxPendingBytes: 1_000_000, fsync: 'never' } as const;
    const spool = new Spool(settings, systemClock, {
      returned() {},
      lost: (_reason, count) => void (counts.lost += count),
      adopted: (count) => void (counts.adopted += count),
      ready: () => void (counts.ready += 1),
    });
    return { spool, counts };
  }

  async function leave(dir: string, records: readonly UsageRecord[]): Promise<string> {
    const { spool } = start(dir);
    for (const record of records) spool.append(record, 800);
    await spool.close();
    return onlySegment(dir);
  }

  async function takeAll(spool: Spool): Promise<UsageRecord[]> {
    const taken: UsageRecord[] = [];
    for (let batch = await spool.take(4, Infinity); batch !== null; batch = await spool.take(4, Infinity)) {
      taken.push(...batch.records);
      batch.settle(batch.records.length);
    }
    return taken;
  }

  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const damages: fc.Arbitrary<Damage> = fc.oneof(
    fc.record({ cut: place }),
    fc.record({ flip: place, bit: fc.nat(7) }),
  );

  it('always has all of it taken or counted as lost, and hands over nothing that was not written', async () => {
    await fc.assert(
      fc.asyncProperty(damages, fc.boolean(), async (damage, isLate) => {
        const records = makeRecords(COUNT);
        const dir = folder.file(String((runs += 1)));
        const path = await leave(dir, records);
        if (!isLate) await harm(path, damage);
        const { spool, counts } = start(dir);
        await spool.written();
        expect(counts.ready).to.be.at.least(1);
        // Adopted whole, and damaged before it is read again.
        if (isLate) await harm(await onlySegment(dir), damage);
        const taken = await takeAll(spool);
        expect(taken.length + counts.lost).to.equal(counts.adopted);
        expect(taken).to.deep.equal(records.filter(({ id }) => taken.some((record) => record.id === id)));
        expect(spool.length).to.equal(0);
        if ('flip' in damage) {
          expect(counts.adopted).to.equal(COUNT);
          expect(counts.lost).to.be.within(1, 2);
        }
        await spool.close();
      }),
      { numRuns: 150 },
    );
  });
});

async function onlySegment(dir: string): Promise<string> {
  const files = await readdir(dir, { recursive: true });
  return join(dir, files.find((name) => name.endsWith('.ndjson')) ?? '');
}

async function harm(path: string, damage: Damage): Promise<void> {
  const content = await readFile(path);
  if ('cut' in damage) {
    await writeFile(path, content.subarray(0, Math.floor(damage.cut * content.length)));
    return;
  }
  const index = Math.floor(damage.flip * content.length);
  content[index] = (content[index] ?? 0) ^ (1 << damage.bit);
  await writeFile(path, content);
}
