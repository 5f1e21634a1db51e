import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { makeRecords } from '../../src/testing/index.js';
import { childEnvironment, run } from '../support/run.js';
import { connectSqlite, useTemporaryFolder } from '../support/sqlite.js';

const PROGRAM = resolve('dist/cli/main.js');

describe('The program of the command line', () => {
  const folder = useTemporaryFolder();

  it('prints to a pipe without colours, but for FORCE_COLOR', async () => {
    const storage = await connectSqlite(folder.file('usage.db'));
    await storage.store(makeRecords(3), new AbortController().signal);
    await storage.close();
    const args = [PROGRAM, 'endpoints', '--database', 'sqlite:usage.db', '--to', '2026-03-05'];
    const { code, stdout, stderr } = await run(process.execPath, args, folder.path);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout).to.match(/^spec · 1 endpoint · .*\nVERDICT .*\nused +GET {2}\/users\/:id +3 /);
    const coloured = await run(process.execPath, args, folder.path, { FORCE_COLOR: '1' });
    expect(coloured.stdout).to.include('\u001b[');
  });

  it('says in one sentence that Node is too old', async () => {
    const old = `Object.defineProperty(process, 'versions', { value: { node: '20.19.0' } });`;
    const args = ['--import', `data:text/javascript,${encodeURIComponent(old)}`, PROGRAM, 'endpoints'];
    const { code, stdout, stderr } = await run(process.execPath, args, folder.path);
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    expect(stderr).to.match(/^koa-track-usage: Node \S+ is too old; install one that is >=[\d.]+\.\n$/);
  });

  it('ends quietly when the reader of a pipe has gone', async function () {
    if (process.platform === 'win32') this.skip();
    const storage = await connectSqlite(folder.file('usage.db'));
    await storage.store(makeRecords(400), new AbortController().signal);
    await storage.close();
    const records = `'${process.execPath}' '${PROGRAM}' records --all --json --database sqlite:usage.db`;
    const ended = await run('sh', ['-c', `(${records}; echo "code $?" >&2) | head -1`], folder.path);
    expect(ended.stdout.trimEnd().split('\n')).to.have.lengthOf(1);
    expect(ended.stderr).to.equal('code 0\n');
  });

  it('ends on Ctrl-C although a database does not answer', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `postgres://user:secret@127.0.0.1:${(silent.address() as AddressInfo).port}/db`;
    const child = spawn(process.execPath, [PROGRAM, 'endpoints', '--database', url], {
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const told = Promise.all([text(child.stdout), text(child.stderr)]);
    const [socket] = (await once(silent, 'connection')) as [{ destroy(): void }];
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number];
    expect([code, ...(await told)]).to.deep.equal([130, '', '']);
    socket.destroy();
    silent.close();
  });
});
