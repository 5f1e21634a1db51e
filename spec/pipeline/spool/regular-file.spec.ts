import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { readRegularFile } from '../../../src/pipeline/spool/regular-file.js';
import { Spool } from '../../../src/pipeline/spool/spool.js';
import { systemClock } from '../../../src/time/clock.js';
import { makeRecord } from '../../support/records.js';
import { useTemporaryFolder } from '../../support/sqlite.js';

describe('readRegularFile', () => {
  const folder = useTemporaryFolder();

  const codeOf = async (path: string): Promise<unknown> =>
    readRegularFile(path).then(
      () => null,
      (error: NodeJS.ErrnoException) => error.code,
    );

  it('reads a file', async () => {
    await writeFile(folder.file('file'), 'content');
    expect(String(await readRegularFile(folder.file('file')))).to.equal('content');
    expect(await codeOf(folder.file('missing'))).to.equal('ENOENT');
  });

  it('reads nothing else, and waits for nobody', async () => {
    await writeFile(folder.file('file'), 'content');
    await symlink(folder.file('file'), folder.file('link'));
    await mkdir(folder.file('folder'));
    await promisify(execFile)('mkfifo', [folder.file('pipe')]);
    expect(await codeOf(folder.file('link'))).to.equal('ELOOP');
    expect(await codeOf(folder.file('folder'))).to.equal('ENOTFILE');
    expect(await codeOf(folder.file('pipe'))).to.equal('ENOTFILE');
    expect(await codeOf('/dev/zero')).to.equal('ENOTFILE');
  });

  for (const kind of ['link', 'pipe'] as const) {
    it(`has a spool count as lost what a ${kind} has taken the place of`, async () => {
      const told: unknown[] = [];
      const spool = new Spool(
        { dir: folder.path, maxBytes: 100_000, maxPendingBytes: 100_000, fsync: 'never' },
        systemClock,
        {
          returned() {},
          lost: (reason, count) => void told.push([reason, count]),
          adopted() {},
          ready: () => void told.push('ready'),
        },
      );
      for (let times = 0; times < 2; times += 1) spool.append(makeRecord(), 800);
      await spool.written();
      const files = await readdir(folder.path, { recursive: true });
      const path = join(folder.path, files.find((name) => name.endsWith('.ndjson')) ?? '');
      await rename(path, `${path}.away`);
      await (kind === 'link' ? symlink(`${path}.away`, path) : promisify(execFile)('mkfifo', [path]));
      expect(await spool.take(10, Infinity)).to.equal(null);
      expect(told.slice(-2)).to.deep.equal([['spool-error', 2], 'ready']);
      expect(spool.length).to.equal(0);
      await spool.close();
    });
  }
});
