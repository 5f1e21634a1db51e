import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { request as requestHttps } from 'node:https';
import type { Server } from 'node:net';
import { expect } from 'chai';
import { CLIENT_TLS, type Closing, Gate, SERVERS, sessionClosed, startClosing } from '../support/closing.js';
import { until } from '../support/until.js';

const TIMEOUT_MS = 1000;

/** Where nothing has to be cut: time goes by faster here than elsewhere. */
const LONG_MS = 1_000_000;

describe('tracker.close({ server }) over TLS and HTTP/2', function ending() {
  this.timeout(20_000);
  let gate: Gate;
  let closing: Closing;
  const clients: { destroy(): unknown }[] = [];

  beforeEach(() => {
    gate = new Gate();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    gate.open();
    await closing.stop();
  });

  const start = async (makeServer: () => Server): Promise<void> => {
    closing = await startClosing(makeServer, gate.handler);
  };

  const close = (timeoutMs = LONG_MS) => closing.close({ server: closing.server, timeoutMs });
  const recorded = () => closing.memory.records.map(({ path, aborted }) => [path, aborted]);

  for (const [kind, makeServer] of Object.entries(SERVERS).slice(2)) {
    const open = (): ClientHttp2Session => {
      const scheme = kind === 'HTTP/2' ? 'http' : 'https';
      const client = connect(`${scheme}://127.0.0.1:${closing.port}`, CLIENT_TLS);
      client.on('error', () => {});
      clients.push(client);
      return client;
    };

    it(`answers what is under way over ${kind}, and closes sessions that are idle`, async () => {
      await start(makeServer);
      const [client, idle] = [open(), open()];
      expect(await textOf(idle.request({ ':path': '/' }))).to.equal('answer to /');
      const answer = textOf(client.request({ ':path': '/slow' }));
      await until(() => closing.begun.includes('/slow'), 'the request is under way');
      const ended = close();
      await sessionClosed(idle);
      gate.open();
      expect(await answer).to.equal('answer to /slow');
      expect(await ended).to.include({ stored: 2, dropped: 0 });
      await sessionClosed(client);
    });

    it(`cuts what never ends over ${kind} after half of its time, and stores that`, async () => {
      await start(makeServer);
      const answer = textOf(open().request({ ':path': '/events' }));
      await until(() => closing.begun.includes('/events'), 'the request is under way');
      const { tookMs, ...result } = await close(TIMEOUT_MS);
      expect(result).to.deep.equal({ stored: 1, spooled: 0, dropped: 0 });
      expect(tookMs).to.be.within(TIMEOUT_MS / 2, TIMEOUT_MS * 0.7);
      await answer;
      expect(recorded()).to.deep.equal([['/events', true]]);
    });
  }

  for (const kind of ['HTTPS', 'HTTP/2 and HTTP/1.1 over TLS'] as const) {
    it(`cuts what never ends over HTTP/1.1 on a server of ${kind}`, async () => {
      await start(SERVERS[kind]);
      const options = { ...CLIENT_TLS, host: '127.0.0.1', port: closing.port, path: '/endless' };
      const request = requestHttps(options)
        .on('error', () => {})
        .end();
      await until(() => closing.begun.includes('/endless'), 'the request is under way');
      const { tookMs, stored } = await close(TIMEOUT_MS);
      await until(() => request.closed, 'the request is closed');
      expect(stored).to.equal(1);
      expect(tookMs).to.be.within(TIMEOUT_MS / 2, TIMEOUT_MS * 0.7);
      expect(recorded()).to.deep.equal([['/endless', true]]);
    });
  }
});

async function textOf(stream: ClientHttp2Stream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  stream.on('error', () => {});
  await once(stream, 'close');
  return text;
}
