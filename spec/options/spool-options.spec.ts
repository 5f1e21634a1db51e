import { resolve } from 'node:path';
import { expect } from 'chai';
import { type SpoolOptions, resolveSpool } from '../../src/options/spool-options.js';
import { refusalOf } from '../support/refusal.js';

describe('The option spool', () => {
  const refuse = (options: unknown): string =>
    refusalOf(() => resolveSpool('trackUsage', options as SpoolOptions)).message;

  it('has these defaults', () => {
    expect(resolveSpool('trackUsage', { dir: '/spool' })).to.deep.equal({
      dir: resolve('/spool'),
      mode: 'overflow',
      maxBytes: 268_435_456,
      fsync: 'interval',
    });
  });

  it('is taken over', () => {
    for (const mode of ['overflow', 'wal'] as const) {
      for (const fsync of ['always', 'interval', 'never'] as const) {
        for (const maxBytes of [65_536, 1_099_511_627_776]) {
          const given = { dir: resolve('/spool'), mode, maxBytes, fsync };
          expect(resolveSpool('trackUsage', given)).to.deep.equal(given);
        }
      }
    }
  });

  it('has a folder that stays where it is when the process goes elsewhere', () => {
    expect(resolveSpool('trackUsage', { dir: 'spool' }).dir).to.equal(resolve('spool'));
  });

  it('needs a folder', () => {
    expect(refuse({})).to.equal(
      "trackUsage: the option 'spool.dir' is undefined; expected the path of a folder.",
    );
    expect(refuse({ dir: '' })).to.contain("the option 'spool.dir' is ''");
    expect(refuse({ dir: '/sp\0ool' })).to.match(/'spool\.dir' is .*; expected the path of a folder/);
  });

  it('refuses a folder whose socket would have too long a path, in bytes', function () {
    if (process.platform === 'win32') this.skip();
    const longest = `/${'x'.repeat(69)}`;
    expect(resolveSpool('trackUsage', { dir: longest }).dir).to.equal(longest);
    for (const dir of [`/${'x'.repeat(70)}`, `/${'ä'.repeat(35)}`])
      expect(refuse({ dir })).to.match(/'spool\.dir' is .*; expected a path of at most 70 bytes/);
  });

  it('refuses what cannot be used', () => {
    const dir = '/spool';
    for (const maxBytes of [65_535, 1_099_511_627_777])
      expect(refuse({ dir, maxBytes })).to.contain(
        `'spool.maxBytes' is ${maxBytes}; expected an integer from 65536 to 1099511627776`,
      );
    expect(refuse({ dir, mode: 'all' })).to.contain("'spool.mode' is 'all'; expected 'overflow' or 'wal'");
    expect(refuse({ dir, fsync: true })).to.contain("expected 'always' or 'interval' or 'never'");
    expect(refuse({ dir, path: dir })).to.contain("no option 'spool.path'");
    expect(refuse(dir)).to.contain("the option 'spool' is '/spool'; expected an object such as { dir }");
  });
});
