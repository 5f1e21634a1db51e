import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import { FileThread } from '../../../../src/backends/sql/sqlite/file-thread.js';
import { SqliteWriter } from '../../../../src/backends/sql/sqlite/writer.js';
import { findUsageTable } from '../../../../src/backends/sql/usage-table.js';
import { makeRecord } from '../../../support/records.js';
import { applicationOrm, useTemporaryFolder } from '../../../support/sqlite.js';
import { warningsOf } from '../../../support/warnings.js';

describe('backends/sql/sqlite/thread-writer', () => {
  const folder = useTemporaryFolder();

  const open = (driverOptions: object = {}): Promise<MikroORM> =>
    applicationOrm({ dbName: folder.file('usage.db'), driverOptions });

  it('hands large records over in small chunks, as each is copied in one go', async () => {
    const orm = await open();
    const table = findUsageTable(orm);
    const thread = new FileThread(orm, table);
    const lengths: number[] = [];
    const perform = thread.perform.bind(thread);
    thread.perform = (task) => {
      if (task.kind === 'insert') lengths.push(task.rows.text.length);
      return perform(task);
    };
    const trackVar = { text: 'x'.repeat(30_000) };
    const records = Array.from({ length: 60 }, () => Object.assign({}, makeRecord(), { trackVar }));
    const writer = new SqliteWriter(orm, table, thread);
    const result = await writer.write(records, new AbortController().signal);
    expect(result).to.deep.equal({ stored: 60, refused: [] });
    expect(lengths).to.have.length.greaterThan(5);
    expect(Math.max(...lengths)).to.be.lessThan(320_000);
    await writer.close();
    await orm.close(true);
  });

  it('writes with the addon that the application chose', async () => {
    const orm = await open({ nativeBinding: ownAddon() });
    const program = `
      import { parentPort, workerData } from 'node:worker_threads';
      if (workerData.nativeBinding !== ${JSON.stringify(ownAddon())}) throw new Error('another addon');
      parentPort.on('message', () => process.exit());
      parentPort.postMessage('ready');
    `;
    const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
    const thread = new FileThread(orm, findUsageTable(orm), url);
    expect(await thread.start()).not.to.equal(null);
    await thread.close();
    await orm.close(true);
  });

  it('leaves writing to the event loop where that addon is loaded already, and says so', async () => {
    const orm = await open({ nativeBinding: createRequire(import.meta.url)(ownAddon()) as object });
    const thread = new FileThread(orm, findUsageTable(orm));
    const warnings = await warningsOf(async () => {
      expect(await thread.start()).to.equal(null);
    });
    expect(warnings).to.have.lengthOf(1);
    expect(warnings[0]).to.include('nativeBinding');
    await thread.close();
    await orm.close(true);
  });
});

/** The addon that better-sqlite3 brings for this machine. */
function ownAddon(): string {
  const folder = join(dirname(createRequire(import.meta.url).resolve('better-sqlite3')), '../prebuilds');
  const report = process.report.getReport() as { readonly sharedObjects?: readonly string[] };
  const loaded = report.sharedObjects?.find(
    (path) => path.endsWith('.node') && path.includes('better-sqlite3'),
  );
  const built = readdirSync(folder).find((name) => name === `${process.platform}-${process.arch}.node`);
  return loaded ?? join(folder, built ?? '');
}
