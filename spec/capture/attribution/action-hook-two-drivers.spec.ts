import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Consumer, pack } from '../../support/consumer.js';

/** Asks each path twice, and prints what was said and kept. */
const application = (mount: string): string => `
import 'reflect-metadata';
import { once } from 'node:events';
import Koa from 'koa';
import { trackUsage, TrackedController } from 'koa-track-usage';
import { MemoryStorage } from 'koa-track-usage/testing';
import { Get, JsonController, useKoaServer } from 'routing-controllers';

class Things {
  list() { return ['a']; }
  fails() { throw new Error('broken'); }
}
Get('/')(Things.prototype, 'list');
Get('/fails')(Things.prototype, 'fails');
JsonController('/things')(Things);
TrackedController()(Things);

const storage = new MemoryStorage();
const lines = [];
const log = (line) => lines.push(line);
const usage = trackUsage({ storage, logger: { warn: log, error: log } });
const app = new Koa();
app.silent = true;
let closed;
app.use((ctx, next) => {
  closed = once(ctx.res, 'close').then(() => new Promise(setImmediate));
  return next();
});
app.use(usage);
${mount}
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const statuses = [];
const health = [usage.tracker.health()];
for (const path of ['/nowhere', '/things', '/things/fails', '/things']) {
  const response = await fetch('http://127.0.0.1:' + server.address().port + path);
  await response.text();
  statuses.push(response.status);
  await closed;
  health.push(usage.tracker.health());
}
server.closeAllConnections();
server.close();
await usage.tracker.close();
console.log(JSON.stringify({ statuses, health, lines, kept: storage.records.length }));
`;

describe('Where routing-controllers is installed twice', function () {
  this.timeout(60_000);
  let folder: string;
  let project: Consumer;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'packed-'));
    project = await Consumer.make(await pack(folder));
    const modules = join(project.folder, 'node_modules');
    const nested = join(modules, 'koa-track-usage/node_modules/routing-controllers');
    await cp(await realpath(join(modules, 'routing-controllers')), nested, { recursive: true });
    await project.write('package.json', '{"type":"module"}');
  });

  after(async () => {
    await project.remove();
    await rm(folder, { recursive: true, force: true });
  });

  for (const [what, mount] of [
    ['an application', 'useKoaServer(app, { controllers: [Things] });'],
    ['one that it mounts', `app.use(mount('/', useKoaServer(new Koa(), { controllers: [Things] })));`],
  ] as const) {
    it(`${what} is told once that its copy is not watched, and the tracker is degraded`, async () => {
      await project.write('app.js', `import mount from 'koa-mount';${application(mount)}`);
      const { stdout, stderr } = await project.node('app.js');
      expect(stderr).to.equal('');
      const { lines, ...seen } = JSON.parse(stdout) as { readonly lines: string[] };
      expect(seen).to.deep.equal({
        statuses: [404, 200, 500, 200],
        health: ['ok', 'ok', 'degraded', 'degraded', 'degraded'],
        kept: 0,
      });
      expect(lines).to.have.lengthOf(1);
      expect(lines[0]).to.contain('routing-controllers is installed twice').and.to.contain('npm ls');
    });
  }
});
