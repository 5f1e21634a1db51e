import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { describeOn } from './support/describe-on.js';
import { useStream } from './support/jetstream.js';
import { childEnvironment } from './support/run.js';
import { useTemporaryFolder } from './support/sqlite.js';
import { until } from './support/until.js';

describe('The example of an application with a stream', function () {
  this.timeout(60_000);

  describeOn('nats', (server) => {
    const started: ChildProcess[] = [];
    const stream = useStream(server);
    const folder = useTemporaryFolder(() => stream().end());
    afterEach(() => {
      for (const child of started.splice(0)) child.kill('SIGKILL');
    });

    /** Starts a program of the example, and waits for its first line. */
    async function start(name: string): Promise<{ child: ChildProcess; lines: string[] }> {
      const env = {
        ...childEnvironment(),
        NATS_URL: server().url(),
        STREAM: stream().name,
        USAGE_DB: folder.file('usage.db'),
        PORT: '0',
      };
      const child = spawn(process.execPath, [`examples/stream/dist/${name}.js`], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      started.push(child);
      const lines: string[] = [];
      createInterface(child.stdout).on('line', (line) => void lines.push(line));
      await until(() => lines.length > 0, `${name} has started`);
      return { child, lines };
    }

    it('answers with what its worker has stored, and ends in order', async () => {
      const app = await start('app');
      const origin = /http:\S+\d/.exec(String(app.lines[0]))?.[0];
      const stored = async (): Promise<unknown> => (await fetch(`${origin}/usage`)).json();
      await (await fetch(`${origin}/orders/7`)).text();
      expect(await stored()).to.deep.equal([]);
      const worker = await start('worker');
      await until(async () => ((await stored()) as object[]).length > 0, 'the worker has stored it');
      expect(await stored()).to.deep.equal([{ method: 'GET', route: '/orders/:id', status: 200 }]);
      const ended = [app, worker].map(({ child }) => once(child, 'exit'));
      for (const { child } of [app, worker]) child.kill('SIGTERM');
      expect((await Promise.all(ended)).map(([code]) => code as unknown)).to.deep.equal([0, 0]);
      expect(worker.lines.at(-1)).to.equal('Stopped: 1 records stored, 0 given back, 0 not stored.');
    });
  });
});
