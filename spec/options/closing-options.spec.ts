import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { expect } from 'chai';
import { TrackUsageError } from '../../src/errors.js';
import { type SignalOptions, trackUsage } from '../../src/index.js';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { MemoryStorage } from '../../src/testing/index.js';
import { thrown } from '../support/caught.js';

const A_SERVER = 'a server, as app.listen() returns it, a list of servers, or a function that returns either';
const A_TIME = 'an integer from 0 to 3600000 (milliseconds)';
const SIGNALS = 'a list of SIGTERM, SIGINT, SIGHUP, SIGUSR2';

describe('the option handleSignals', () => {
  const resolve = (handleSignals?: SignalOptions | boolean) =>
    resolveTrackerOptions({ handleSignals }).handleSignals;

  it('is off by default', () => {
    expect(resolve()).to.deep.equal({ server: null, timeoutMs: 5000, signals: [] });
    expect(resolve(false)).to.deep.equal(resolve());
  });

  it('has defaults where it is on', () => {
    const defaults = { server: null, timeoutMs: 5000, signals: ['SIGTERM', 'SIGINT'] };
    expect(resolve(true)).to.deep.equal(defaults);
    expect(resolve({})).to.deep.equal(defaults);
    expect(resolve({ server: undefined, timeoutMs: undefined, signals: undefined })).to.deep.equal(defaults);
  });

  it('takes servers, a time and signals', () => {
    const server = createServer();
    const later = () => server;
    expect(resolve({ server, timeoutMs: 0, signals: ['SIGUSR2', 'SIGHUP'] })).to.deep.equal({
      server,
      timeoutMs: 0,
      signals: ['SIGUSR2', 'SIGHUP'],
    });
    expect(resolve({ server: [server, createHttp2Server()] }).server).to.have.lengthOf(2);
    expect(resolve({ server: later }).server).to.equal(later);
  });

  for (const [name, value, shown, expected] of [
    ['server', null, 'null', A_SERVER],
    ['server', 'localhost', "'localhost'", A_SERVER],
    ['server', [null], '[ null ]', A_SERVER],
    ['timeoutMs', '5', "'5'", A_TIME],
    ['timeoutMs', -1, '-1', A_TIME],
    ['signals', [], '[]', SIGNALS],
    ['signals', 'SIGTERM', "'SIGTERM'", SIGNALS],
    ['signals', ['SIGKILL'], "[ 'SIGKILL' ]", SIGNALS],
    ['signals', ['SIGTERM', undefined], "[ 'SIGTERM', undefined ]", SIGNALS],
  ] as const) {
    it(`refuses ${name}: ${shown}`, async () => {
      const handleSignals = { [name]: value } as SignalOptions;
      const error = await thrown(() => trackUsage({ storage: new MemoryStorage(), handleSignals }));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_OPTION' });
      expect(error.message).to.equal(
        `trackUsage: the option 'handleSignals.${name}' is ${shown}; expected ${expected}.`,
      );
      expect(process.listenerCount('SIGTERM')).to.equal(0);
    });
  }

  it('knows no others, and signals are none of a call', async () => {
    const unknown = await thrown(() => resolve({ signal: 'SIGTERM' } as never));
    expect(unknown.message).to.match(/no option 'handleSignals\.signal' .*'handleSignals\.signals'/);
    const signals = await thrown(() =>
      trackUsage({ storage: new MemoryStorage() }).tracker.close({ signals: ['SIGTERM'] } as never),
    );
    expect(signals.message).to.match(/^tracker\.close: there is no option 'signals'/);
  });
});
