import { expect } from 'chai';
import { type Served, serve } from '../../support/serve.js';
import { exchangeRaw } from '../../support/raw-http.js';

const EVERYTHING = { defaultPolicy: 'include', trackUnmatched: true } as const;

/** Requests of one connection, each with these headers. */
function requests(headers: readonly (readonly string[])[]): string {
  return headers
    .map((lines, index) => {
      const end = index === headers.length - 1 ? ['Connection: close'] : [];
      return `${['GET / HTTP/1.1', ...lines, ...end].join('\r\n')}\r\n\r\n`;
    })
    .join('');
}

describe('ConnectionMemory', () => {
  let served: Served | undefined;

  afterEach(() => served?.close());

  it('books every request of a connection with its own headers, repeated or not', async () => {
    served = await serve({ tracker: EVERYTHING, after: [(context) => void (context.body = 'ok')] });
    const sent = [
      ['Host: a', 'User-Agent: curl/8', 'Accept-Language: de'],
      ['Host: a', 'User-Agent: curl/8', 'Accept-Language: de'],
      ['Host: a', 'User-Agent: curl/8', 'Accept-Language: fr'],
      ['Host: b', 'User-Agent: curl/9', 'Accept-Language: fr'],
      ['Host: b', 'Accept-Language: fr'],
      ['Host: a'],
      ['Host: a', 'User-Agent: curl/8', 'Accept-Language: de'],
    ];
    await exchangeRaw(served.port, requests(sent));
    const records = await served.records();
    expect(records.map(({ url, userAgent }) => [url, userAgent.string, userAgent.language])).to.deep.equal([
      ['http://a/', 'curl/8', 'de'],
      ['http://a/', 'curl/8', 'de'],
      ['http://a/', 'curl/8', 'fr'],
      ['http://b/', 'curl/9', 'fr'],
      ['http://b/', null, 'fr'],
      ['http://a/', null, null],
      ['http://a/', 'curl/8', 'de'],
    ]);
  });

  it('follows the forwarded host where Koa trusts the proxy', async () => {
    served = await serve({ tracker: EVERYTHING, after: [(context) => void (context.body = 'ok')] });
    served.app.proxy = true;
    await exchangeRaw(
      served.port,
      requests([
        ['Host: a', 'X-Forwarded-Host: one'],
        ['Host: a', 'X-Forwarded-Host: two', 'X-Forwarded-Proto: https'],
      ]),
    );
    expect((await served.records()).map(({ url }) => url)).to.deep.equal(['http://one/', 'https://two/']);
  });
});
