import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import pg from 'pg';
import { describeOn } from './describe-on.js';
import type { FreshDatabase } from './servers.js';
import { TcpProxy } from './tcp-proxy.js';
import { until } from './until.js';

/** A client that keeps what it got. */
class Client {
  readonly socket: Socket;
  received = '';
  error: string | undefined;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes) => (this.received += bytes.toString()));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code));
  }

  say(text: string): this {
    this.socket.write(text);
    return this;
  }

  hears(text: string): Promise<void> {
    return until(() => this.received === text, `"${text}" was heard, and not "${this.received}"`);
  }

  fails(code: string): Promise<void> {
    return until(() => this.error === code, `it failed with ${code}`);
  }
}

describe('The TCP proxy', () => {
  let echo: Server;
  let heard = '';
  let proxy: TcpProxy;
  const clients: Client[] = [];

  function client(): Client {
    const made = new Client(proxy.port);
    clients.push(made);
    return made;
  }

  beforeEach(async () => {
    heard = '';
    echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        heard += bytes.toString();
        socket.write(bytes);
      });
    }).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await TcpProxy.start({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
  });

  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    proxy.close();
    echo.close();
    await once(echo, 'close');
  });

  it('lets bytes through both ways, and the end of a connection', async () => {
    const one = client().say('a');
    await one.hears('a');
    const large = 'x'.repeat(3_000_000);
    await client().say(large).hears(large);
    one.socket.end();
    await until(() => proxy.connections === 1, 'one connection is left');
  });

  it('cuts all connections, and takes new ones', async () => {
    const open = [client().say('a'), client().say('b')];
    await Promise.all([open[0]?.hears('a'), open[1]?.hears('b')]);
    proxy.cut();
    await Promise.all(open.map((one) => one.fails('ECONNRESET')));
    await client().say('c').hears('c');
  });

  it('refuses new connections until it accepts them again, and keeps the open ones', async () => {
    const open = client().say('a');
    await open.hears('a');
    proxy.refuse();
    await client().fails('ECONNREFUSED');
    await open.say('b').hears('ab');
    await proxy.accept();
    await client().say('c').hears('c');
  });

  it('holds requests, of open and new connections, until they are released', async () => {
    const open = client().say('a');
    await open.hears('a');
    proxy.hold('requests');
    open.say('b');
    client().say('c');
    await until(() => proxy.connections === 2, 'both are connected');
    expect(heard).to.equal('a');
    proxy.release();
    await until(() => heard.length === 3, 'the server heard all');
  });

  it('holds answers while requests come to the server', async () => {
    proxy.hold('answers');
    const one = client().say('a');
    await until(() => heard === 'a', 'the server heard it');
    expect(one.received).to.equal('');
    proxy.release('answers');
    await one.hears('a');
  });

  it('drops the answer to one request alone, and cuts its connection', async () => {
    const dropped = proxy.dropAnswerTo((sent) => sent.includes('commit'));
    const other = client().say('begin');
    await other.hears('begin');
    const one = client().say('begin');
    await one.hears('begin');
    one.say('commit');
    await dropped;
    await one.fails('ECONNRESET');
    expect(heard).to.equal('beginbegincommit');
    expect(one.received).to.equal('begin');
    await other.say('commit').hears('begincommit');
  });

  it('resets the client when the server is not there', async () => {
    echo.close();
    await client().fails('ECONNRESET');
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
  });

  describeOn('postgresql', (server) => {
    let database: FreshDatabase;

    before(async () => {
      database = await server().freshDatabase();
    });

    after(() => database.drop());

    it('loses the acknowledgement of a commit that was made', async () => {
      const front = await TcpProxy.start(server());
      const lost = new pg.Client({ connectionString: front.through(database.url) });
      lost.on('error', () => undefined);
      await lost.connect();
      await lost.query('CREATE TABLE made (n INT)');
      await lost.query('BEGIN; INSERT INTO made VALUES (1)');
      const dropped = front.dropAnswerTo(
        (sent) => sent.includes('COMMIT'),
        (answer) => answer.includes('COMMIT'),
      );
      const failure = await lost.query('COMMIT').then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).to.be.an('error');
      await dropped;
      front.close();

      const reader = new pg.Client({ connectionString: database.url });
      await reader.connect();
      const { rows } = await reader.query('SELECT n FROM made');
      await reader.end();
      expect(rows).to.deep.equal([{ n: 1 }]);
    });
  });
});
