import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { caught } from '../../../support/caught.js';
import { makeRecords } from '../../../support/records.js';
import { connectSqlite, executeNative, useTemporaryFolder } from '../../../support/sqlite.js';

const { signal } = new AbortController();

/** The descriptors of this process, where the system shows them. */
const DESCRIPTORS = '/proc/self/fd';

describe('backends/sql/sqlite/thread-program', () => {
  const folder = useTemporaryFolder();

  it('gives every descriptor back while it cannot use the table', async function descriptors(this: Mocha.Context) {
    if (!existsSync(DESCRIPTORS)) this.skip();
    const file = folder.file('usage.db');
    const storage = await connectSqlite(file);
    const countOpen = (): number =>
      readdirSync(DESCRIPTORS).filter((name) => isLinkTo(join(DESCRIPTORS, name), file)).length;
    await executeNative(file, 'alter table koa_usage rename to gone');
    const before = countOpen();
    expect(before).to.be.at.least(1);
    for (let attempt = 0; attempt < 20; attempt += 1)
      expect(await caught(storage.store(makeRecords(1), signal))).to.include({ code: 'STORAGE_SETUP' });
    expect(countOpen()).to.equal(before);
    await storage.close();
  });
});

/** A descriptor may be closed since it was listed. */
function isLinkTo(link: string, file: string): boolean {
  try {
    return readlinkSync(link) === file;
  } catch {
    return false;
  }
}
