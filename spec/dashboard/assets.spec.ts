import { expect } from 'chai';
import { assetLink } from '../../src/dashboard/assets.js';
import { type ServedDashboard, serveDashboard } from '../support/dashboards.js';
import { type WireAnswer, send } from '../support/http-client.js';

const KEPT = 'private, max-age=31536000, immutable';

const FILES = [
  ['style.css', 'text/css; charset=utf-8', /body/],
  ['refresh.js', 'text/javascript; charset=utf-8', /dataset/],
  ['icon.svg', 'image/svg+xml', /^<svg/],
] as const;

describe('A file that pages load', () => {
  let served: ServedDashboard;

  before(async () => {
    served = await serveDashboard({ authorize: () => true });
  });

  after(() => served.close());

  const get = (query: string, headers = {}): Promise<WireAnswer> =>
    send(`${served.origin}/usage${query}`, headers);

  for (const [name, type, content] of FILES) {
    it(`is kept for ever under its link: ${name}`, async () => {
      const answer = await get(assetLink(name));
      expect(answer.status).to.equal(200);
      expect(answer.headers).to.include({ 'content-type': type, 'cache-control': KEPT });
      expect(answer.text).to.match(content);
      const again = await get(assetLink(name), { 'If-None-Match': answer.headers.etag });
      expect(again.status).to.equal(304);
    });

    it(`is not kept under the link of another version: ${name}`, async () => {
      for (const link of [`?asset=${name}`, `?asset=${name}&v=`, `?asset=${name}&v=other`]) {
        const answer = await get(link, { 'If-None-Match': '*' });
        expect(answer.status).to.equal(200);
        expect(answer.headers).to.include({ 'cache-control': 'no-store', 'content-type': type });
        expect(answer.headers).to.not.have.property('etag');
      }
    });
  }

  for (const name of ['nothing', '__proto__', 'constructor', 'toString', '../package.json', 'STYLE.CSS']) {
    it(`is not there by the name of ${name}`, async () => {
      const answer = await get(`?asset=${encodeURIComponent(name)}`);
      expect(answer.status).to.equal(404);
      expect(answer.text).to.equal('There is no such file.');
      expect(answer.headers).to.include({ 'cache-control': 'no-store' });
    });
  }

  it('has links that differ, so that each has its own tag', () => {
    expect(new Set(FILES.map(([name]) => new URLSearchParams(assetLink(name)).get('v'))).size).to.equal(3);
  });
});
