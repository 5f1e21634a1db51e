import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { run } from '../support/run.js';
import { type TemporaryFolder, temporaryFolder } from '../support/sqlite.js';

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url));

/** Tracks a request, as an application would that has not installed `@opentelemetry/api`. */
const APPLICATION = `
import { once } from 'node:events';
import Koa from 'koa';
import { trackUsage } from './src/index.js';
import { MemoryStorage } from './src/testing/index.js';

const installed = await import('@opentelemetry/api').then(() => 'installed', ({ code }) => code);
const storage = new MemoryStorage();
const usage = trackUsage({ storage, defaultPolicy: 'include', trackUnmatched: true, metrics: true });
const app = new Koa();
app.use(usage);
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
await (await fetch('http://127.0.0.1:' + server.address().port)).text();
server.closeAllConnections();
server.close();
await once(server, 'close');
const { stored } = await usage.tracker.close();
console.log(JSON.stringify({ installed, stored }));
`;

describe('Without @opentelemetry/api', () => {
  let folder: TemporaryFolder;

  before(async () => {
    folder = await temporaryFolder();
    await cp(SOURCES, folder.file('src'), { recursive: true });
    await mkdir(folder.file('node_modules'));
    const packages = await readdir('node_modules');
    await Promise.all(
      packages
        .filter((name) => name !== '@opentelemetry' && !name.startsWith('.'))
        .map((name) =>
          symlink(join(process.cwd(), 'node_modules', name), join(folder.path, 'node_modules', name)),
        ),
    );
    await writeFile(folder.file('package.json'), '{ "name": "application", "type": "module" }');
    await writeFile(folder.file('application.js'), APPLICATION);
  });

  after(() => folder.remove());

  it('requests are tracked, and nothing is said of metrics', async () => {
    const { code, stdout, stderr } = await run(process.execPath, ['application.js'], folder.path);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).to.deep.equal({ installed: 'ERR_MODULE_NOT_FOUND', stored: 1 });
  });
});
