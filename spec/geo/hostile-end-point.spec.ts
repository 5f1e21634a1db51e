import type { RequestListener } from 'node:http';
import { expect } from 'chai';
import { httpGeo } from '../../src/geo/index.js';
import { caught } from '../support/caught.js';
import { type EndPoint, answerJson, startEndPoint } from '../support/end-point.js';
import { until } from '../support/until.js';

const KIB = 1024;

/** End points that must do no harm, with what is said of them. */
const HOSTILE: readonly (readonly [does: string, listener: RequestListener, message: RegExp])[] = [
  [
    'answers HTML',
    (_, response) => response.setHeader('content-type', 'text/html').end('<html>'),
    /text\/html/,
  ],
  ['does not say what it answers', (_, response) => response.end('{}'), /and not JSON/],
  [
    'answers HTML that it calls JSON',
    (_, response) => response.setHeader('content-type', 'application/json').end('<html>8.8.8.8'),
    /cannot be parsed as JSON\.$/,
  ],
  ['answers a list', (_, response) => answerJson(response, ['CH']), /not an object/],
  ['answers null', (_, response) => answerJson(response, null), /not an object/],
  ['answers text', (_, response) => answerJson(response, 'CH'), /not an object/],
  ['fails', (_, response) => answerJson(response, { country_code: 'CH' }, 500), /status 500/],
  ['has had enough', (_, response) => answerJson(response, { country_code: 'CH' }, 429), /status 429/],
  ['closes at once', (request) => request.socket.destroy(), /socket hang up|ECONNRESET/],
  [
    'closes in the middle',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"country_code":', () => response.destroy());
    },
    /aborted|ECONNRESET/,
  ],
  ['answers no HTTP', (request) => request.socket.end('hello\r\n\r\n'), /Parse Error/],
  [
    'changes the protocol',
    (request) =>
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    /without an answer|status 101|hang up/,
  ],
  [
    'announces 1 GB',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(KIB ** 3) });
      response.write('{');
    },
    /answers 1073741824 bytes/,
  ],
  ['redirects to nowhere', (_, response) => response.writeHead(302).end(), /status 302|nowhere/],
];

describe('A hostile end point of httpGeo', () => {
  let endPoint: EndPoint;
  let answer: RequestListener;

  before(async () => {
    endPoint = await startEndPoint((request, response) => answer(request, response));
  });

  after(() => endPoint.close());

  function ask(): Promise<Error> {
    const source = httpGeo({ url: `${endPoint.origin}/{ip}` });
    return caught(source('8.8.8.8', new AbortController().signal) as Promise<unknown>);
  }

  for (const [does, listener, message] of HOSTILE) {
    it(`that ${does} is refused`, async () => {
      answer = listener;
      expect((await ask()).message)
        .to.match(message)
        .and.not.contain('8.8.8.8');
      await until(async () => (await endPoint.connections()) === 0, 'the connection is closed');
    });
  }

  it('that answers without end is heard for 64 KiB', async () => {
    let sent = 0;
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(16 * KIB, ' ');
      const send = (): void => {
        if (response.destroyed || sent >= KIB ** 3) return;
        sent += chunk.length;
        response.write(chunk, send);
      };
      send();
    };
    expect((await ask()).message).to.contain('more than 65536 bytes');
    await until(async () => (await endPoint.connections()) === 0, 'the connection is closed');
    expect(sent).to.be.below(KIB ** 3 / 8);
  });

  it('may answer 64 KiB, and not a byte more', async () => {
    const text = JSON.stringify({ country_code: 'CH' }).padEnd(64 * KIB);
    answer = (_request, response) => response.setHeader('content-type', 'application/json').end(text);
    const source = httpGeo({ url: `${endPoint.origin}/{ip}` });
    expect(await source('8.8.8.8', new AbortController().signal)).to.deep.equal({ countryCode: 'CH' });
    answer = (_request, response) => response.setHeader('content-type', 'application/json').end(`${text} `);
    expect((await ask()).message).to.contain('65537 bytes');
  });
});
