import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { type HttpEndPoint, askEndPoint } from '../../src/geo/http-end-point.js';
import { INTERNET } from '../../src/geo/reach.js';
import { caught } from '../support/caught.js';
import { type EndPoint, answerJson, startEndPoint } from '../support/end-point.js';
import { until } from '../support/until.js';

describe('askEndPoint', () => {
  let endPoint: EndPoint;
  let isSilent: boolean;

  before(async () => {
    endPoint = await startEndPoint((_request, response) => {
      if (!isSilent) answerJson(response, { country_code: 'CH' });
    });
  });

  beforeEach(() => {
    isSilent = false;
  });

  after(() => endPoint.close());

  function ask(signal: AbortSignal): ReturnType<typeof askEndPoint> {
    const urlOf: HttpEndPoint['urlOf'] = (address) => new URL(`${endPoint.origin}/of/${address}`);
    return askEndPoint({ urlOf, headers: { 'x-key': 'secret' }, reach: INTERNET }, '8.8.8.8', signal);
  }

  it('asks with its headers, and leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    expect(await ask(signal)).to.deep.equal({ country_code: 'CH' });
    expect(endPoint.requests.at(-1)).to.have.property('url', '/of/8.8.8.8');
    expect(endPoint.requests.at(-1)?.headers).to.include({ 'x-key': 'secret' });
    await until(() => getEventListeners(signal, 'abort').length === 0, 'nobody listens');
  });

  it('ends when nobody waits any longer, and tells the end point', async () => {
    isSilent = true;
    const asked = endPoint.requests.length;
    const limit = new AbortController();
    const answered = caught(ask(limit.signal));
    await until(() => endPoint.requests.length > asked, 'it is asked');
    limit.abort(new Error('enough'));
    expect(await answered).to.have.property('name', 'AbortError');
    await until(async () => (await endPoint.connections()) === 0, 'the connection is closed');
    const late = await caught(ask(limit.signal));
    expect(late.message).to.equal('enough');
    expect(endPoint.requests.length).to.equal(asked + 1);
  });
});
