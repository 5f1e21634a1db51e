import { mkdir, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { findApplication } from '../../src/options/application.js';
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
    findApplication(folder.file(program), folder.file(cwd)).name;

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

  it('comes with the version of the same package.json, if that has one', async () => {
    await manifest('app', '{"name":"shop","version":"2.1.0"}');
    await manifest('app/dist', '{"version":"9.9.9"}');
    await manifest('elsewhere', '{"name":"other","version":5}');
    const find = (program: string): object => findApplication(folder.file(program), folder.file('elsewhere'));
    expect(find('app/dist/deep/main.js')).to.deep.equal({ name: 'shop', version: '2.1.0' });
    expect(find('elsewhere/main.js')).to.deep.equal({ name: 'other', version: null });
  });
});
