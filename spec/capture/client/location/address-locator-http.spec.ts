import type { RequestListener } from 'node:http';
import { expect } from 'chai';
import { AddressLocator } from '../../../../src/capture/client/location/address-locator.js';
import { systemClock } from '../../../../src/time/clock.js';
import { httpGeo } from '../../../../src/geo/index.js';
import { resolveGeo } from '../../../../src/options/geo-options.js';
import { listing } from '../../../support/listing-sink.js';
import { type EndPoint, startEndPoint } from '../../../support/end-point.js';

/** What end points do that must have no effect but that the location is missing. */
const HOSTILE: readonly (readonly [does: string, listener: RequestListener])[] = [
  ['hangs', () => {}],
  [
    'sends its answer byte by byte, for ever',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    },
  ],
  [
    'answers 1 GB',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const send = (): void => void (response.destroyed || response.write(Buffer.alloc(65_536, ' '), send));
      send();
    },
  ],
  ['answers HTML', (_, response) => response.setHeader('content-type', 'text/html').end('<html></html>')],
  [
    'redirects to the metadata of the cloud',
    (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
  ],
  ['closes', (request) => request.socket.destroy()],
];

describe('An address locator with an end point that', () => {
  let endPoint: EndPoint;
  let locator: AddressLocator;

  afterEach(async () => {
    locator.close();
    await endPoint.close();
  });

  for (const [does, listener] of HOSTILE) {
    it(`${does} answers null, opens its breaker, and accounts for everything`, async () => {
      endPoint = await startEndPoint(listener);
      const faults: string[] = [];
      const lookup = httpGeo({ url: `${endPoint.origin}/{ip}` });
      const settings = resolveGeo('spec', { lookup, timeoutMs: 100, maxConcurrent: 3, breakerFailures: 3 });
      locator = new AddressLocator(systemClock, settings, listing(faults));
      const addresses = Array.from({ length: 20 }, (_, index) => `8.8.8.${index}`);
      const answers = await Promise.all(addresses.map(async (address) => locator.locate(address)));
      expect(new Set(answers)).to.deep.equal(new Set([null]));
      const { lookups, failures, skipped, ...rest } = locator.stats();
      expect(rest).to.deep.equal({ hits: 0, misses: 20, withheld: 0 });
      expect(lookups).to.be.within(3, 5);
      expect(failures).to.equal(lookups);
      expect(skipped).to.deep.equal({ breaker: 20 - lookups, queue: 0, closed: 0 });
      expect(faults).to.have.length(failures);
      expect(faults.join(' ')).to.not.contain('8.8.8.');
    });
  }
});
