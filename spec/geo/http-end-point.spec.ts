import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { HttpEndPoint } from '../../src/geo/http-end-point.js';
import { INTERNET } from '../../src/geo/reach.js';
import { caught } from '../support/caught.js';
import { type EndPoint, answerJson, startEndPoint } from '../support/end-point.js';
import { until } from '../support/until.js';

const NEVER = new AbortController().signal;

describe('HttpEndPoint', () => {
  let endPoint: EndPoint;
  let isSilent: boolean;
  const sources: HttpEndPoint[] = [];

  before(async () => {
    endPoint = await startEndPoint((_request, response) => {
      if (!isSilent) answerJson(response, { country_code: 'CH' });
    });
  });

  beforeEach(() => {
    isSilent = false;
  });

  afterEach(() => {
    for (const source of sources.splice(0)) source.close();
  });

  after(() => endPoint.close());

  function make(timeoutMs = 5000): HttpEndPoint {
    const urlOf = (address: string): URL => new URL(`${endPoint.origin}/of/${address}`);
    const source = new HttpEndPoint({ urlOf, timeoutMs, headers: { 'x-key': 'secret' }, reach: INTERNET });
    sources.push(source);
    return source;
  }

  it('asks with its headers, and leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    expect(await make().ask('8.8.8.8', signal)).to.deep.equal({ country_code: 'CH' });
    expect(endPoint.requests.at(-1)).to.have.property('url', '/of/8.8.8.8');
    expect(endPoint.requests.at(-1)?.headers).to.include({ 'x-key': 'secret' });
    expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
  });

  it('gives up after its own time, and tells the end point', async () => {
    isSilent = true;
    const { code, message } = (await caught(make(50).ask('8.8.8.8', NEVER))) as Error & {
      code?: string;
    };
    expect(code).to.equal('GEO_SOURCE');
    expect(message).to.equal('httpGeo: the end point takes longer than 50 ms.');
    await until(async () => (await endPoint.connections()) === 0, 'the connection is closed');
  });

  it('ends when nobody waits any longer, and tells the end point', async () => {
    isSilent = true;
    const asked = endPoint.requests.length;
    const limit = new AbortController();
    const answered = caught(make().ask('8.8.8.8', limit.signal));
    await until(() => endPoint.requests.length > asked, 'it is asked');
    limit.abort(new Error('enough'));
    expect((await answered).message).to.equal('enough');
    await until(async () => (await endPoint.connections()) === 0, 'the connection is closed');
    const late = await caught(make().ask('8.8.8.8', limit.signal));
    expect(late.message).to.equal('enough');
    expect(endPoint.requests.length).to.equal(asked + 1);
  });

  it('ends what is on its way when it is closed, and asks nothing afterwards', async () => {
    isSilent = true;
    const asked = endPoint.requests.length;
    const source = make();
    const answered = caught(source.ask('8.8.8.8', NEVER));
    await until(() => endPoint.requests.length > asked, 'it is asked');
    source.close();
    expect((await answered).message).to.contain('was closed');
    expect((await caught(source.ask('8.8.8.8', NEVER))).message).to.contain('was closed');
    expect(endPoint.requests.length).to.equal(asked + 1);
  });
});
