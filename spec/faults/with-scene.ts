import { describeOnOwn } from '../support/describe-on.js';
import type { EngineName, FreshDatabase, OwnServer } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { FaultScene } from './storage-faults.js';

/** A suite with a server of its own, and for each spec a database and a proxy in front of it. */
export function describeScene(
  name: EngineName,
  body: (this: Mocha.Suite, scene: () => FaultScene) => void,
): void {
  describeOnOwn(name, function (server: () => OwnServer) {
    let scene: FaultScene | undefined;
    const toClose: (() => Promise<unknown>)[] = [];

    beforeEach(async () => {
      const database: FreshDatabase = await server().freshDatabase();
      const proxy = await TcpProxy.start(server());
      scene = { server: server(), database, proxy, closing: (close) => void toClose.unshift(close) };
    });

    afterEach(async function () {
      this.timeout(30_000);
      server().thaw();
      scene?.proxy.release();
      if (server().pid === undefined) await server().start();
      for (const close of toClose.splice(0)) await close();
      scene?.proxy.close();
      await scene?.database.drop();
    });

    body.call(this, () => {
      if (scene === undefined) throw new Error('There is a scene in specs alone.');
      return scene;
    });
  });
}
