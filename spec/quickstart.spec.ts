import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { cli } from './support/cli.js';
import { send } from './support/http-client.js';
import { Quickstart } from './support/quickstart.js';
import { until } from './support/until.js';

interface Item {
  readonly id: string;
  readonly date: string;
  readonly path: string;
  readonly action: string;
  readonly status: number;
}

function post(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function isRefused(origin: string): Promise<boolean> {
  return fetch(origin).then(
    () => false,
    () => true,
  );
}

describe('The quick start', () => {
  let folder: string;
  let dbName: string;
  let app: Quickstart;

  /** The stored records; a record is there once it is printed and the next page has it. */
  async function usage(query = ''): Promise<Item[]> {
    const { status, body } = await app.ask(`/usage${query}`);
    expect(status, JSON.stringify(body)).to.equal(200);
    return (body as { items: Item[] }).items;
  }

  async function storedAre(count: number): Promise<Item[]> {
    await until(async () => (await usage()).length >= count, `${count} records are stored`);
    await until(() => app.records.length >= count, `${count} lines are printed`);
    return usage();
  }

  async function problemOf(query: string): Promise<string> {
    const { status, body } = await app.ask(`/usage?${query}`);
    expect(status).to.equal(400);
    return (body as { message: string }).message;
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quickstart-'));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  describe('while it runs', () => {
    before(async () => {
      dbName = join(folder, 'running.db');
      app = await Quickstart.start(dbName);
    });

    after(() => app.kill());

    it('says where it listens, where records go and what to try', () => {
      expect(app.lines.slice(0, 5)).to.deep.equal([
        `Listening on ${app.origin}. Records go to ${dbName}. Try:`,
        `  curl ${app.origin}/users/me`,
        `  curl ${app.origin}/orders`,
        `  curl '${app.origin}/usage?limit=10'`,
        `Look at ${app.origin}/admin/usage in a browser.`,
      ]);
    });

    it('shows the dashboard to a browser on this machine, and not under the name of a web site', async () => {
      const statusFor = async (name: string): Promise<number> => {
        const { port } = new URL(app.origin);
        return (await send(`${app.origin}/admin/usage?view=status`, { Host: `${name}:${port}` })).status;
      };
      for (const own of ['127.0.0.1', 'localhost']) expect(await statusFor(own)).to.equal(200);
      for (const other of ['rebound.example', 'localhost.example', '[::1]'])
        expect(await statusFor(other)).to.equal(403);
    });

    it('answers, and tracks the actions that are decorated, each under its own name', async () => {
      const ada = { name: 'Ada', email: 'ada@example.com' };
      const answers = [
        await app.ask('/users/7'),
        await app.ask('/users/me'),
        await app.ask('/users', post(ada)),
        await app.ask('/users', post({ name: '', email: 'nobody' })),
        await app.ask('/users/health'),
        await app.ask('/orders'),
        await app.ask('/orders/draft'),
        await app.ask('/users/secret'),
        await app.ask('/users/broken'),
        await app.ask('/nowhere'),
      ];

      expect(answers.map(({ status }) => status)).to.deep.equal([
        200, 200, 200, 400, 200, 200, 200, 401, 500, 404,
      ]);
      expect(answers.slice(0, 3).map(({ body }) => body)).to.deep.equal([
        { id: 7 },
        { id: 0, name: 'you' },
        { id: 1, ...ada },
      ]);
      expect(answers[3]?.body).to.have.property('errors').with.lengthOf(2);
      const items = await storedAre(7);
      expect(items.map(({ action, status }) => `${action} ${status}`)).to.deep.equal([
        'broken 500',
        'secret 401',
        'list 200',
        'create 400',
        'create 200',
        'me 200',
        'one 200',
      ]);
    });

    it('prints one line for each tracked request', async () => {
      const items = await storedAre(7);
      const printed = app.records.map((line) => line.split(/ {2,}/));
      expect(printed.map(([date]) => date)).to.deep.equal(items.map(({ date }) => date).toReversed());
      expect(printed.map(([, what]) => what)).to.deep.equal([
        'GET /users/7',
        'GET /users/me',
        'POST /users',
        'POST /users',
        'GET /orders',
        'GET /users/secret',
        'GET /users/broken',
      ]);
    });

    it('does not track who reads the usage', async () => {
      await usage();
      expect((await usage()).map(({ path }) => path)).not.to.include('/usage');
    });

    it('keeps records where the command line finds them, with what is called of what it tracks', async () => {
      await storedAre(7);
      const { code, stdout } = await cli(['endpoints', '--json', '--database', `sqlite:${dbName}`]);
      const { endpoints, calls } = JSON.parse(stdout) as {
        endpoints: { route: string; calls: number }[];
        calls: number;
      };
      expect([code, calls]).to.deep.equal([0, 7]);
      expect(endpoints.find(({ route }) => route === '/users/:id')).to.include({ method: 'GET', calls: 1 });
    });

    it('returns the records by pages, newest first', async () => {
      const all = await storedAre(7);
      const pages = [await usage('?limit=3'), await usage('?limit=3&page=2'), await usage('?limit=3&page=3')];
      expect(pages.map((page) => page.length)).to.deep.equal([3, 3, 1]);
      expect(pages.flat()).to.deep.equal(all);
    });

    it('returns the records from a start, inclusive, to an end, exclusive', async () => {
      const all = await storedAre(7);
      const start = all.at(-2)?.date ?? '';
      const end = all.at(1)?.date ?? '';
      const expected = all.filter(({ date }) => date >= start && date < end);
      expect(await usage(`?startDate=${start}&endDate=${end}`)).to.deep.equal(expected);
      expect(await usage('?endDate=2000-01-01')).to.deep.equal([]);
      expect(await usage('?startDate=2000-01-01')).to.deep.equal(all);
    });

    it('refuses a limit and a date that make no sense, and says why', async () => {
      expect(await problemOf('limit=-1')).to.match(/'limit' is -1; expected an integer from 1 to 10000/);
      expect(await problemOf('page=0')).to.match(/'page' is 0; expected an integer from 1/);
      expect(await problemOf('startDate=yesterday')).to.match(/'startDate' is 'yesterday'; expected a valid/);
      expect(await problemOf('endDate=2026-02-31')).to.match(/'endDate' is '2026-02-31'; expected a valid/);
    });
  });

  describe('when it stops', () => {
    afterEach(() => app.kill());

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`ends cleanly on ${signal}, stores what is queued and says how much`, async () => {
        dbName = join(folder, `${signal}.db`);
        app = await Quickstart.start(dbName);
        await app.ask('/users/me');
        await app.ask('/orders');

        const { code, stdout, stderr } = await app.stop(signal);

        expect(stderr).to.equal('');
        expect(code).to.equal(0);
        expect(stdout.split('\n').filter((line) => line.startsWith('Stopped'))).to.deep.equal([
          'Stopped: 2 records stored by sqlite, 0 not; 2 records stored by printer, 0 not.',
        ]);
      });
    }

    it('answers the request under way first, though the signal comes twice', async () => {
      app = await Quickstart.start(join(folder, 'twice.db'));
      const socket = connect(Number(new URL(app.origin).port), '127.0.0.1');
      socket.write('GET /orders HTTP/1.1\r\nHost: quickstart\r\nConnection: close\r\n');
      await app.ask('/users/me');

      app.signal('SIGINT');
      await until(() => isRefused(app.origin), 'new connections are refused');
      app.signal('SIGINT');
      socket.write('\r\n');

      expect(await text(socket)).to.match(/^HTTP\/1\.1 200 /);
      const { code, stdout } = await app.ended();
      expect(code).to.equal(0);
      expect(stdout.match(/^Stopped.*$/gm)).to.deep.equal([
        'Stopped: 2 records stored by sqlite, 0 not; 2 records stored by printer, 0 not.',
      ]);
    });

    it('keeps the records for the next start', async () => {
      dbName = join(folder, 'kept.db');
      app = await Quickstart.start(dbName);
      await app.ask('/users/me');
      await app.stop('SIGTERM');

      app = await Quickstart.start(dbName);
      const items = await usage();
      await app.stop('SIGTERM');

      expect(items.map(({ action }) => action)).to.deep.equal(['me']);
    });
  });

  describe('when it cannot start', () => {
    it('says that the port is in use', async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;

      const ended = await Quickstart.attempt({ PORT: String(port), USAGE_DB: join(folder, 'port.db') });
      other.close();

      expect(ended.code).to.equal(1);
      expect(ended.stderr).to.match(
        new RegExp(`^Cannot start\\. .*address already in use 127\\.0\\.0\\.1:${port}\n$`),
      );
    });

    it('says that the folder of its database is missing', async () => {
      const ended = await Quickstart.attempt({ PORT: '0', USAGE_DB: join(folder, 'missing', 'usage.db') });
      expect(ended.code).to.equal(1);
      expect(ended.stderr).to.match(/^Cannot start\. .*usage\.db' cannot be opened: .*directory.*\n$/);
    });

    it('says that its database is none', async () => {
      const notes = join(folder, 'notes.db');
      await writeFile(notes, 'no database at all, but long enough to look like a header of one\n'.repeat(20));
      const ended = await Quickstart.attempt({ PORT: '0', USAGE_DB: notes });
      expect(ended.code).to.equal(1);
      expect(ended.stderr).to.match(/^Cannot start\. .*notes\.db' cannot be opened: .*not a database.*\n$/);
    });
  });
});
