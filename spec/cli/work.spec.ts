import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { encodeRecord } from '../../src/record/wire.js';
import { type Clock, systemClock } from '../../src/time/clock.js';
import { checkStream } from '../../src/cli/doctor/check-stream.js';
import type { Finding } from '../../src/cli/doctor/finding.js';
import { Interruption } from '../../src/cli/io.js';
import { cli } from '../support/cli.js';
import { describeOn } from '../support/describe-on.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { useStream } from '../support/jetstream.js';
import { makeRecords } from '../support/records.js';
import { childEnvironment } from '../support/run.js';
import { connectSqlite, useTemporaryFolder } from '../support/sqlite.js';
import { until } from '../support/until.js';

const PROGRAM = resolve('dist/cli/main.js');
const SQLITE = import.meta.resolve('@mikro-orm/sqlite');

function built(path: string): string {
  return JSON.stringify(pathToFileURL(resolve('dist', path)).href);
}

describe('The command work', () => {
  const folder = useTemporaryFolder();

  it('says what a configuration has to have, and what its stream has to be', async () => {
    const storage = "{ name: 'nowhere', store: async () => ({ stored: 0, refused: [] }) }";
    for (const [stream, message] of [
      ['', /Where do records come from\? Give --config .* defineConfig\({ storage, stream }\)/],
      ['stream: () => 5', /The 'stream' of the configuration gave a value of type number; expected a source/],
      ['stream: 5', /the option 'stream' is 5; expected a source of records/],
    ] as const) {
      const named = folder.file(`${stream.length}.mjs`);
      await writeFile(named, `export default { storage: ${storage}, ${stream} };`);
      const { code, stderr } = await cli(['work', '--config', named]);
      expect(code).to.equal(2);
      expect(stderr).to.match(message);
    }
  });

  describeOn('nats', (server) => {
    const stream = useStream(server);
    let child: ChildProcess | undefined;
    afterEach(() => void child?.kill('SIGKILL'));

    /** Writes a configuration for a database in the working folder. */
    async function configure(): Promise<string> {
      const given = JSON.stringify({ servers: server().url(), stream: stream().name, replicas: 1 });
      const config = [
        `import { SqliteDriver } from ${JSON.stringify(SQLITE)};`,
        `import { JetStreamStorage } from ${built('worker/index.js')};`,
        `import { SqlStorage } from ${built('backends/sql/index.js')};`,
        'export default {',
        "  storage: () => SqlStorage.connect({ driver: SqliteDriver, dbName: import.meta.dirname + '/usage.db' }),",
        `  stream: (need) => JetStreamStorage.connect({ ...${given}, ...need }),`,
        '  work: { batch: { maxDelayMs: 10 } },',
        '};',
      ];
      const file = folder.file('koa-track-usage.config.mjs');
      await writeFile(file, config.join('\n'));
      return file;
    }

    it('makes the table, stores what waits, tells how it does, and ends in order on SIGTERM', async () => {
      await configure();
      await stream().publish(makeRecords(7));
      const options = { cwd: folder.path, env: childEnvironment(), stdio: 'pipe' } as const;
      const working = spawn(process.execPath, [PROGRAM, 'work'], options);
      child = working;
      const told = Promise.all([text(working.stdout), text(working.stderr)]);
      await until(async () => (await stream().length()) === 0, 'all messages are acknowledged');
      working.kill('SIGTERM');
      const [code] = (await once(working, 'exit')) as [number];
      const [stdout, stderr] = await told;
      expect({ code, stderr }).to.deep.equal({
        code: 0,
        stderr: 'Stopped: 7 records stored, 0 given back, 0 not stored.\n',
      });
      expect(stdout).to.match(/^\d{4}-\S+Z ok: \d records? stored, \d held, 0 not stored.*\n/);
      const storage = await connectSqlite(folder.file('usage.db'));
      expect(await storage.reader.countUsage()).to.equal(7);
      await storage.close();
    });

    it('stores what was refused before, if that is asked for, and leaves what is no record', async () => {
      const config = await configure();
      const poisoned = new FaultyStorage();
      const records = makeRecords(5);
      for (const { id } of records.slice(0, 3)) poisoned.poison.add(id);
      const worker = await stream().work(poisoned);
      await stream().publish(records);
      await stream().publishRaw('no record');
      await until(() => worker.stats().source.deadLetters === 4, 'the letters are kept');
      await worker.close();
      const work = async (isDone: () => Promise<boolean>): Promise<string> => {
        const ending = new AbortController();
        const working = cli(['work', '--dead-letters', '--config', config], { signal: ending.signal });
        await until(isDone, 'it is done');
        ending.abort(new Interruption(15));
        return (await working).stderr;
      };
      expect(await work(async () => (await stream().length()) === 1)).to.match(
        /^Put back: 3 dead letters\.\n.*3 records stored/s,
      );
      expect(await stream().deadLetters()).to.have.nested.property('[0].reason', 'spool-corrupt');
      const storage = await connectSqlite(folder.file('usage.db'));
      expect((await storage.reader.getUsage()).map(({ id }) => id)).to.have.members(
        records.slice(0, 3).map(({ id }) => id),
      );
      await storage.close();
    });

    it('stores what waits where dead letters cannot be put back, and says why', async () => {
      const config = await configure();
      const { name } = stream();
      const subjects = [name, `${name}.refused`];
      await stream().manage(({ streams }) =>
        streams.add({ name, subjects, discard: 'new', retention: 'workqueue', deny_delete: true }),
      );
      await stream().publish(makeRecords(2));
      const ending = new AbortController();
      const working = cli(['work', '--dead-letters', '--config', config], { signal: ending.signal });
      await until(async () => (await stream().length()) === 0, 'all messages are acknowledged');
      ending.abort(new Interruption(15));
      const { code, stderr } = await working;
      expect(code).to.equal(0);
      expect(stderr).to.match(/^The stream '\w+' has deny_delete: .*\nStopped: 2 records stored/);
    });

    it('puts dead letters back once a stream that was full has room', async () => {
      const config = await configure();
      const feed = (await stream().connect()).feed('koa-track-usage');
      const [record] = makeRecords(1) as [UsageRecord];
      const letter = { id: 'letter', reason: 'refused', error: null };
      await feed.deadLetter(Buffer.from(encodeRecord(record)), letter);
      const { name } = stream();
      await stream().manage(({ streams }) => streams.update(name, { max_msgs: 1 }));
      let pauses = 0;
      const clock: Clock = {
        ...systemClock,
        setTimeout(callback, delayMs, keepAlive) {
          const isPause = delayMs === 60_000 && keepAlive;
          if (isPause) pauses += 1;
          return systemClock.setTimeout(callback, isPause ? 20 : delayMs, keepAlive);
        },
      };
      const ending = new AbortController();
      const working = cli(['work', '--dead-letters', '--config', config], { clock, signal: ending.signal });
      await until(() => pauses > 0, 'the stream was full');
      await stream().manage(({ streams }) => streams.update(name, { max_msgs: -1 }));
      await until(async () => (await stream().length()) === 0, 'the record is stored');
      ending.abort(new Interruption(15));
      expect((await working).stderr).to.match(
        /cannot be written now: maximum messages exceeded\. .* Tried again in a minute\.\n.*Put back: 1 dead letter\.\nStopped: 1 rec/s,
      );
    });

    it('has a stream that the doctor looks at, and does not make', async () => {
      await configure();
      const examine = async (): Promise<{ code: number; told: string[] }> => {
        const { code, stdout } = await cli(['doctor', '--json'], { cwd: folder.path });
        const { findings } = JSON.parse(stdout) as { findings: Finding[] };
        const told = findings
          .map(({ kind, what }) => `${kind}: ${what}`)
          .filter((line) => /stream/.test(line));
        return { code, told };
      };
      const missing = await examine();
      expect(missing.code).to.equal(1);
      expect(missing.told).to.have.lengthOf(1);
      expect(missing.told[0]).to.match(/^fault: JetStreamStorage\.connect: the stream .* stream not found/);
      const poisoned = new FaultyStorage();
      const records = makeRecords(3);
      poisoned.poison.add(String(records[0]?.id));
      const worker = await stream().work(poisoned);
      expect((await examine()).told).to.deep.equal(['fine: Nothing waits in the stream']);
      await stream().publish(records);
      await until(() => worker.stats().source.deadLetters === 1, 'the letter is kept');
      await worker.close();
      await stream().publish(makeRecords(1));
      expect((await examine()).told).to.deep.equal([
        'advice: Records wait in the stream: 1 message',
        'fault: The stream has 1 dead letter, which no worker could store',
      ]);
      await stream().manage(({ streams }) =>
        streams.purge(stream().name, { filter: `${stream().name}.refused` }),
      );
      const [waiting] = await checkStream(await stream().connect(), Date.now() + 2 * 3_600_000);
      expect(waiting?.kind).to.equal('fault');
      expect(waiting?.what).to.match(/1 message, the oldest since 2\d{3}-/);
    });

    for (const [whose, write] of [
      ['reader has gone', (done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' }))],
      ['reader does not read', () => {}],
    ] as [string, (done: (error: Error) => void) => void][]) {
      it(`goes on where its output's ${whose}, and ends in order`, async () => {
        const ending = new AbortController();
        let lines = 0;
        const stdout = new Writable({
          write(_chunk, _encoding, done) {
            lines += 1;
            write(done);
          },
        });
        const config = await configure();
        const working = cli(['work', '--config', config], { stdout, signal: ending.signal });
        await until(() => lines === 1, 'it has told how it does');
        await stream().publish(makeRecords(7));
        await until(async () => (await stream().length()) === 0, 'all messages are acknowledged');
        ending.abort(new Interruption(15));
        const { code, stderr } = await working;
        expect(code).to.equal(0);
        expect(stderr).to.equal('Stopped: 7 records stored, 0 given back, 0 not stored.\n');
      });
    }
  });
});
