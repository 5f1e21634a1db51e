import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { KeepingLogger } from '../support/crash-watch.js';
import { makeRecords } from '../support/records.js';
import { useTemporaryFolder } from '../support/sqlite.js';
import { until } from '../support/until.js';

describe('Pipeline with a spool', () => {
  const folder = useTemporaryFolder();

  function start(storages: readonly FaultyStorage[]): Pipeline {
    const spool = { dir: folder.path, mode: 'wal' } as const;
    const settings = resolveTrackerOptions({ serverName: 'spec', logger: new KeepingLogger(), spool });
    const pipeline = new Pipeline(settings, () => storages);
    pipeline.open();
    return pipeline;
  }

  it('keeps apart what waits for two storages of one name, also in the next process', async () => {
    const twins = [new FaultyStorage('twin'), new FaultyStorage('twin')] as const;
    twins[1].mood = 'reject';
    const first = start(twins);
    for (const record of makeRecords(30, { date: new Date() })) first.accept(record);
    await until(async () => {
      await first.flush();
      return twins[0].stored.size === 30;
    }, 'one of them has stored all');
    expect(await readdir(folder.path)).to.have.lengthOf(2);
    await first.close(100);
    const heirs = [new FaultyStorage('twin'), new FaultyStorage('twin')] as const;
    const next = start(heirs);
    await until(async () => {
      await next.flush();
      return heirs[1].stored.size === 30;
    }, 'the other has stored all');
    expect(heirs[0].stored.size).to.equal(0);
    await next.close(100);
  });
});
