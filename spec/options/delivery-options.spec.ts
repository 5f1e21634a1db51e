import { resolve } from 'node:path';
import { expect } from 'chai';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { refusalOf } from '../support/refusal.js';

describe('The folder of the option spool', () => {
  const folderOf = (dir: string): string | undefined => resolveTrackerOptions({ spool: { dir } }).spool?.dir;
  const refuse = (dir: string): string => refusalOf(() => folderOf(dir)).message;

  it('stays where it is when the process goes elsewhere', () => {
    expect(folderOf('spool')).to.equal(resolve('spool'));
  });

  it('is no empty path, and none with a NUL', () => {
    for (const dir of ['', '/sp\0ool'])
      expect(refuse(dir)).to.match(/'spool\.dir' is '.*'; expected the path of a folder\.$/);
  });

  it('has no path that would be too long for its socket, in bytes', function () {
    if (process.platform === 'win32') this.skip();
    const longest = `/${'x'.repeat(69)}`;
    expect(folderOf(longest)).to.equal(longest);
    for (const dir of [`/${'x'.repeat(70)}`, `/${'ä'.repeat(35)}`])
      expect(refuse(dir)).to.match(/'spool\.dir' is .*; expected a path of at most 70 bytes/);
  });
});
