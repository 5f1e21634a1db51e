import { mkdir, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { applicationName } from '../../src/options/server-name.js';
import { type TemporaryFolder, temporaryFolder } from '../support/sqlite.js';

describe('the name of the application', () => {
  let folder: TemporaryFolder;

  beforeEach(async () => {
    folder = await temporaryFolder();
    await mkdir(folder.file('app/dist/deep'), { recursive: true });
    await mkdir(folder.file('elsewhere'));
  });

  afterEach(() => folder.remove());

  const manifest = (path: string, text: string): Promise<void> =>
    writeFile(folder.file(`${path}/package.json`), text);
  const name = (program: string, cwd: string): string =>
    applicationName(folder.file(program), folder.file(cwd));

  it('is that of the package.json above the program that was started', async () => {
    await manifest('app', '{"name":"shop"}');
    await manifest('elsewhere', '{"name":"other"}');
    expect(name('app/dist/deep/main.js', 'elsewhere')).to.equal('shop');
    expect(name('app/main.js', 'elsewhere')).to.equal('shop');
  });

  it('is that of the nearest one which has a name', async () => {
    await manifest('app', '{"name":"@acme/shop"}');
    await manifest('app/dist', '{"type":"module"}');
    await manifest('app/dist/deep', 'no JSON');
    expect(name('app/dist/deep/main.js', 'elsewhere')).to.equal('@acme/shop');
  });

  for (const bad of ['{"name":""}', '{"name":5}', 'null', '[]', '']) {
    it(`passes over a package.json that holds ${bad || 'nothing'}`, async () => {
      await manifest('app/dist', bad);
      await manifest('app', '{"name":"shop"}');
      expect(name('app/dist/main.js', 'elsewhere')).to.equal('shop');
    });
  }

  it('is looked for above the working folder when there is none above the program', async () => {
    await manifest('elsewhere', '{"name":"other"}');
    expect(name('app/main.js', 'elsewhere')).to.equal('other');
  });

  it('is koa when there is none', () => {
    expect(name('app/main.js', 'elsewhere')).to.equal('koa');
  });
});
