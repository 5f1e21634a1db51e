import type { RequestListener } from 'node:http';
import { expect } from 'chai';
import { type HttpGeoOptions, httpGeo } from '../../src/geo/index.js';
import type { GeoLookup } from '../../src/geo/index.js';
import { caught } from '../support/caught.js';
import { type EndPoint, answerJson, startEndPoint } from '../support/end-point.js';

const NEVER = new AbortController().signal;

describe('httpGeo', () => {
  let endPoint: EndPoint;
  let answer: RequestListener;

  before(async () => {
    endPoint = await startEndPoint((request, response) => answer(request, response));
  });

  beforeEach(() => {
    answer = (_request, response) => answerJson(response, { country_code: 'CH' });
  });

  after(() => endPoint.close());

  function make(options: Partial<HttpGeoOptions> = {}, path = '/json/{ip}'): GeoLookup {
    return httpGeo({ url: `${endPoint.origin}${path}`, ...options });
  }

  it('asks the end point, a private one too, about the address', async () => {
    expect(await make()('8.8.8.8', NEVER)).to.deep.equal({ countryCode: 'CH' });
    const request = endPoint.requests.at(-1);
    expect(request?.method).to.equal('GET');
    expect(request?.url).to.equal('/json/8.8.8.8');
    expect(request?.headers.accept).to.equal('application/json');
    expect(request?.headers['user-agent']).to.equal('koa-track-usage');
  });

  it('encodes the address, wherever it stands', async () => {
    await make({}, '/of/{ip}?again={ip}&key=a%20b')('2606:4700::1111', NEVER);
    expect(endPoint.requests.at(-1)?.url).to.equal(
      '/of/2606%3A4700%3A%3A1111?again=2606%3A4700%3A%3A1111&key=a%20b',
    );
  });

  it('sends headers, and lets them take the place of its own', async () => {
    await make({ headers: { 'X-Key': 'secret', Accept: 'application/geo+json' } })('8.8.8.8', NEVER);
    const { headers } = endPoint.requests.at(-1) ?? {};
    expect(headers).to.include({ 'x-key': 'secret', accept: 'application/geo+json' });
  });

  it('makes the location as the application says', async () => {
    const map: HttpGeoOptions['map'] = ({ nation }) =>
      nation === undefined ? null : { countryCode: nation };
    answer = (_request, response) => answerJson(response, { nation: 'ch' });
    expect(await make({ map })('8.8.8.8', NEVER)).to.deep.equal({ countryCode: 'ch' });
    answer = (_request, response) => answerJson(response, {});
    expect(await make({ map })('8.8.8.8', NEVER)).to.equal(null);
  });

  it('takes 404 and 204 for an unknown address', async () => {
    for (const status of [404, 204]) {
      answer = (_request, response) => response.writeHead(status, { 'content-type': 'text/html' }).end();
      expect(await make()('8.8.8.8', NEVER)).to.equal(null);
    }
  });

  it('hands the signal on to the end point', async () => {
    answer = () => {};
    const asked = make()('8.8.8.8', AbortSignal.abort(new Error('enough'))) as Promise<unknown>;
    expect((await caught(asked)).message).to.equal('enough');
  });
});
