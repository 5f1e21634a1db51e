import type { LookupFunction } from 'node:net';
import { expect } from 'chai';
import { httpGeo } from '../../src/geo/index.js';
import { httpGeoWithin } from '../../src/geo/http-geo.js';
import { type Reach, nextHop } from '../../src/geo/reach.js';
import { caught, thrown } from '../support/caught.js';
import { type EndPoint, answerJson, startEndPoint } from '../support/end-point.js';

const NEVER = new AbortController().signal;
const REFUSED = 'httpGeo: the end point redirects to a host that is not public, which is not followed.';

/** An internet whose hosts are all on this machine; what is not public stays so. */
class SmallInternet implements Reach {
  readonly resolved: string[] = [];
  readonly isPublic = (address: string): boolean => address === '127.0.0.1';
  readonly resolve: LookupFunction = (hostname, _options, callback) => {
    this.resolved.push(hostname);
    const addresses = this.hosts[hostname];
    if (addresses === undefined) callback(Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' }), []);
    else
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
  };

  constructor(private readonly hosts: Readonly<Record<string, readonly string[]>>) {}
}

const HOSTS = {
  'public.test': ['127.0.0.1'],
  'private.test': ['169.254.169.254'],
  'both.test': ['127.0.0.1', '10.0.0.1'],
  'empty.test': [],
};

describe('A redirect of the end point', () => {
  let endPoint: EndPoint;
  let target: EndPoint;
  let location: string;
  let status: number;

  before(async () => {
    target = await startEndPoint((_request, response) => answerJson(response, { country_code: 'CH' }));
    endPoint = await startEndPoint((_request, response) => response.writeHead(status, { location }).end());
  });

  beforeEach(() => {
    status = 302;
  });

  after(() => Promise.all([endPoint.close(), target.close()]));

  function ask(internet: Reach = new SmallInternet(HOSTS)): Promise<unknown> {
    const headers = { authorization: 'Bearer secret' };
    return httpGeoWithin({ url: `${endPoint.origin}/{ip}`, headers }, internet)(
      '8.8.8.8',
      NEVER,
    ) as Promise<unknown>;
  }

  for (const code of [301, 302, 303, 307, 308]) {
    it(`with status ${code} to a public host is followed, without the application's headers`, async () => {
      status = code;
      location = `http://user:password@public.test:${target.port}/elsewhere`;
      expect(await ask()).to.deep.equal({ countryCode: 'CH' });
      const request = target.requests.at(-1);
      expect(request?.url).to.equal('/elsewhere');
      expect(request?.headers).to.not.have.property('authorization');
      expect(request?.headers.host).to.equal(`public.test:${target.port}`);
    });
  }

  it('keeps the headers on its own origin', async () => {
    const start = endPoint.requests.length;
    location = '/again';
    expect((await caught(ask())).message).to.contain('redirects more than 3 times');
    const requests = endPoint.requests.slice(start);
    expect(requests.map(({ url }) => url)).to.deep.equal(['/8.8.8.8', '/again', '/again', '/again']);
    expect(requests.every(({ headers }) => headers.authorization === 'Bearer secret')).to.equal(true);
  });

  it('to a host with any address that is not public is refused', async () => {
    for (const host of ['private.test', 'both.test', 'empty.test']) {
      location = `http://${host}:${target.port}/`;
      const asked = target.requests.length;
      expect((await caught(ask())).message).to.equal(REFUSED);
      expect(target.requests.length).to.equal(asked);
    }
  });

  it('connects to the address that was checked, and asks for it once', async () => {
    const internet = new SmallInternet(HOSTS);
    location = `http://public.test:${target.port}/`;
    await ask(internet);
    expect(internet.resolved).to.deep.equal(['public.test']);
  });

  it('to a host that there is not is an error of its own', async () => {
    location = 'http://nowhere.test/';
    expect((await caught(ask())).message).to.equal('ENOTFOUND');
  });

  it('to the addresses of this machine and its network is refused, however they are spelt', async () => {
    const hosts = [
      '169.254.169.254',
      '127.0.0.1',
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '10.0.0.1',
      '192.168.1.1',
      '[::1]',
      '[::ffff:169.254.169.254]',
      '[fd00:ec2::254]',
      '[64:ff9b::a9fe:a9fe]',
      'localhost',
      '0.0.0.0',
    ];
    for (const host of hosts) {
      location = `http://${host}:${target.port}/latest/meta-data/`;
      const asked = target.requests.length;
      const source = httpGeo({ url: `${endPoint.origin}/{ip}` });
      expect((await caught(source('8.8.8.8', NEVER) as Promise<unknown>)).message, host).to.equal(REFUSED);
      expect(target.requests.length).to.equal(asked);
    }
  });

  it('to itself is refused where it is private', async () => {
    location = '/again';
    const source = httpGeo({ url: `${endPoint.origin}/{ip}` });
    expect((await caught(source('8.8.8.8', NEVER) as Promise<unknown>)).message).to.equal(REFUSED);
  });

  it('to another protocol, or to one that is not encrypted any more, is refused', async () => {
    const internet = new SmallInternet(HOSTS);
    const from = new URL('https://public.test/a/b');
    for (const to of [
      'http://public.test/',
      'file:///etc/passwd',
      'ftp://public.test/',
      'data:application/json,{}',
    ]) {
      const { message } = await thrown(() => nextHop(from, to, internet));
      expect(message).to.contain('which is not followed');
    }
    for (const to of [undefined, 'http://', 'https://[::']) {
      expect((await thrown(() => nextHop(from, to, internet))).message).to.contain('redirects to nowhere');
    }
    expect(nextHop(from, '../c', internet).href).to.equal('https://public.test/c');
    expect(nextHop(new URL('http://public.test/'), 'https://u:p@public.test/x', internet).href).to.equal(
      'https://public.test/x',
    );
  });
});
