import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { expect } from 'chai';
import type { Middleware } from 'koa';
import { type Answer, secure, send as sendAnswer } from '../../src/dashboard/answering.js';
import { type WireAnswer, send } from '../support/http-client.js';
import { type ServedBare, serveBare } from '../support/serve-bare.js';

const SECURITY = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
};

const LONG = 'ä long body, '.repeat(500);

const page = (body: string): Answer => ({ status: 200, type: 'text/html', body });
const LASTING: Answer = { status: 200, type: 'text/css', body: LONG, tag: 'tag-of-it' };

/** Rows as pieces, each too large for a stream to take two of them at once. */
function rowsOf(pieces: number): Answer & { readonly body: readonly Buffer[] } {
  const body = Array.from({ length: pieces }, (_, index) => Buffer.from(`${index} ä`.repeat(30_000)));
  return { status: 200, type: 'text/csv', body };
}

/** What asks for gzip, and what does not. */
const ASKING = ['gzip', 'gzip, deflate, br', 'br;q=1, gzip;q=0.5', '*', 'GZIP;q=0.1'];
const NOT_ASKING = [
  null,
  '',
  'identity',
  'gzip;q=0',
  'gzip;q=0, *',
  'br, zstd',
  '*;q=0',
  'identity;q=1, gzip;q=0.5',
  'gzip;q=0, identity;q=0',
];

/** Compresses what passes, as koa-compress does: nothing that is compressed. */
const compressing: Middleware = async (ctx, next) => {
  await next();
  ctx.vary('Accept-Encoding');
  const { body } = ctx;
  if (ctx.response.get('Content-Encoding') || ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') return;
  if (ctx.method === 'HEAD' || typeof body !== 'string') return;
  ctx.set('Content-Encoding', 'gzip');
  ctx.body = await promisify(gzip)(body);
};

/** The headers that are not of the connection. */
function headersOf({ headers }: WireAnswer): Record<string, unknown> {
  const { date: _date, connection: _connection, 'keep-alive': _keepAlive, ...others } = headers;
  return others;
}

describe('An answer of the dashboard', () => {
  let served: ServedBare;

  afterEach(() => served.close());

  const start = async (answer: Answer, ...before: Middleware[]): Promise<void> => {
    served = await serveBare((app) => {
      for (const middleware of before) app.use(middleware);
      app.use((ctx) => {
        secure(ctx);
        return sendAnswer(ctx, answer);
      });
    });
  };

  const get = (encoding: string | null, headers = {}, method = 'GET'): Promise<WireAnswer> =>
    send(served.origin, { ...(encoding !== null && { 'Accept-Encoding': encoding }), ...headers }, method);

  it('has the headers of security, and no others than those of its body', async () => {
    await start(page('short'));
    expect(headersOf(await get('gzip'))).to.deep.equal({
      ...SECURITY,
      'content-type': 'text/html; charset=utf-8',
      'content-length': '5',
      vary: 'Accept-Encoding',
    });
  });

  it('is saved under the name that it has', async () => {
    await start({ ...page('a,b'), type: 'text/csv', fileName: 'usage-endpoints.csv' });
    expect(headersOf(await get(null))).to.include({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="usage-endpoints.csv"',
    });
  });

  for (const encoding of ASKING) {
    it(`is compressed for Accept-Encoding: ${encoding}`, async () => {
      await start(page(LONG));
      const answer = await get(encoding);
      expect(answer.headers).to.include({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
      expect(Number(answer.headers['content-length'])).to.equal(answer.body.length).and.be.lessThan(500);
      expect(gunzipSync(answer.body).toString()).to.equal(LONG);
    });
  }

  for (const encoding of NOT_ASKING) {
    it(`is sent as it is for Accept-Encoding: ${encoding}`, async () => {
      await start(page(LONG));
      const answer = await get(encoding);
      expect(answer.headers).to.not.have.property('content-encoding');
      expect(answer.headers).to.include({ vary: 'Accept-Encoding' });
      expect(answer.text).to.equal(LONG);
    });
  }

  it('is compressed from 1,024 characters on', async () => {
    for (const [length, encoding] of [
      [1023, undefined],
      [1024, 'gzip'],
    ] as const) {
      await start(page('x'.repeat(length)));
      expect((await get('gzip')).headers['content-encoding']).to.equal(encoding);
      if (length === 1023) await served.close();
    }
  });

  it('is compressed once beside a middleware that compresses', async () => {
    await start(page(LONG), compressing);
    const answer = await get('gzip');
    expect(answer.headers).to.include({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(gunzipSync(answer.body).toString()).to.equal(LONG);
    expect((await get('identity')).text).to.equal(LONG);
  });

  for (const [what, answer] of [
    ['a page', page(LONG)],
    ['a file', LASTING],
    ['rows', rowsOf(50)],
    ['a page that is not there', { ...page(LONG), status: 404 }],
  ] as const) {
    it(`has no body and equal headers for HEAD, of ${what}`, async () => {
      await start(answer, compressing);
      for (const encoding of ['gzip', 'identity']) {
        const [full, head] = [await get(encoding), await get(encoding, {}, 'HEAD')];
        expect(head.body).to.have.lengthOf(0);
        expect(head.status).to.equal(full.status);
        expect(headersOf(head)).to.deep.equal(headersOf(full));
      }
    });
  }

  for (const [encoding, turns] of [
    ['gzip', 100],
    // As much as the socket takes goes out in one turn.
    ['identity', 2],
  ] as const) {
    it(`of many rows takes its pieces in several turns of the event loop: ${encoding}`, async () => {
      const answer = rowsOf(200);
      const turnsOfPieces = new Set<number>();
      let turn = 0;
      let isOver = false;
      const count = (): void => {
        turn += 1;
        if (!isOver) setImmediate(count);
      };
      count();
      const body = Object.assign([...answer.body], {
        *[Symbol.iterator]() {
          for (const piece of answer.body) {
            turnsOfPieces.add(turn);
            yield piece;
          }
        },
      });
      await start({ ...answer, body });
      const got = await get(encoding);
      isOver = true;
      const plain = encoding === 'gzip' ? gunzipSync(got.body) : got.body;
      expect(plain.equals(Buffer.concat(answer.body))).to.equal(true);
      expect(turnsOfPieces.size).to.be.at.least(turns);
    });
  }

  it('is kept for ever where it never changes', async () => {
    await start(LASTING);
    const { headers } = await get('gzip');
    expect(headers).to.include({
      ...SECURITY,
      'cache-control': 'private, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
    });
    // Weak, as the compressed body has it as well.
    expect(headers.etag).to.equal('W/"tag-of-it"');
  });

  it('is not sent again to those who have it', async () => {
    await start(LASTING);
    const { headers: full } = await get('gzip');
    const tag = full.etag ?? '';
    for (const given of [tag, tag.slice(2), `"other", ${tag}`, '*'])
      for (const method of ['GET', 'HEAD']) {
        const answer = await get('gzip', { 'If-None-Match': given }, method);
        expect(answer.status).to.equal(304);
        expect(answer.body).to.have.lengthOf(0);
        // RFC 9110, 15.4.5.
        for (const name of ['etag', 'vary', 'cache-control', 'content-security-policy'])
          expect(answer.headers[name]).to.equal(full[name]);
      }
  });

  it('is sent again to those who have another', async () => {
    await start(LASTING);
    const answer = await get(null, { 'If-None-Match': '"other"' });
    expect(answer.status).to.equal(200);
    expect(answer.text).to.equal(LONG);
  });

  it('is always sent where it may change', async () => {
    await start(page(LONG));
    const answer = await get(null, { 'If-None-Match': '*', 'If-Modified-Since': new Date().toUTCString() });
    expect(answer.status).to.equal(200);
    expect(answer.headers).to.not.have.any.keys('etag', 'last-modified');
  });
});
