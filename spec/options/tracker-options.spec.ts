import { expect } from 'chai';
import { Container } from 'typedi';
import { systemClock } from '../../src/time/clock.js';
import { TrackUsageError } from '../../src/errors.js';
import { type TrackUsageOptions, trackUsage } from '../../src/index.js';
import { findApplication } from '../../src/options/application.js';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { ManualClock, MemoryStorage } from '../../src/testing/index.js';
import { thrown } from '../support/caught.js';

const storage = new MemoryStorage();
const store = async (): Promise<void> => {};

/** An option by its name, what it is given, how that is shown, and what is expected instead. */
type Refusal = [name: string, value: unknown, shown: string, expected: string];

const A_STORAGE = 'a storage (an object with a name and a method store) or a list of at least one';
const A_CLOCK = 'an object with now, monotonic, setTimeout and clearTimeout';
const A_LOGGER = 'an object with the methods warn and error';

const REFUSALS: readonly Refusal[] = [
  ['storage', 'sqlite', "'sqlite'", A_STORAGE],
  ['storage', [], '[]', A_STORAGE],
  ['storage', [storage, null], '[ [MemoryStorage], null ]', A_STORAGE],
  ['storage', {}, '{}', A_STORAGE],
  ['storage', { name: 'x' }, "{ name: 'x' }", A_STORAGE],
  ['storage', { name: '', store() {} }, "{ name: '', store: [Function: store] }", A_STORAGE],
  ['storage', MemoryStorage, '[class MemoryStorage]', A_STORAGE],
  [
    'storage',
    { name: 'x', store, isReadOnly: true },
    "{ name: 'x', store: [AsyncFunction: store], isReadOnly: true }",
    'a storage that was opened without readOnly: true, as records are to be written',
  ],
  ['container', new Map(), 'Map(0) {}', 'a TypeDI container'],
  ['logger', { warn() {} }, '{ warn: [Function: warn] }', A_LOGGER],
  ['clock', Date, '[Function: Date]', A_CLOCK],
];

/** Options that can be used, but not together, and what is said of them. */
const CONTRADICTIONS: readonly [options: TrackUsageOptions, says: string][] = [
  [
    { trackUnmatched: true },
    "'trackUnmatched' is true; expected false, as unmatched requests are only tracked with defaultPolicy: 'include'.",
  ],
  [
    { retry: { minDelayMs: 1000, maxDelayMs: 999 } },
    "'retry.maxDelayMs' is 999; expected at least retry.minDelayMs, which is 1000.",
  ],
  [
    { retry: { minDelayMs: 30_001 } },
    "'retry.maxDelayMs' is 30000; expected at least retry.minDelayMs, which is 30001.",
  ],
  [
    { retry: { maxAgeMs: 3000 }, batch: { maxDelayMs: 3000 } },
    "'retry.maxAgeMs' is 3000; expected more than batch.maxDelayMs, which is 3000.",
  ],
  [
    { queue: { overflow: 'drop-oldest' }, spool: { dir: '/spool' } },
    "'queue.overflow' is 'drop-oldest'; expected 'drop-newest', as the option spool takes what the queue has no room for.",
  ],
  [
    { queue: { maxRecords: 9 }, batch: { maxRecords: 10 } },
    "'batch.maxRecords' is 10; expected at most queue.maxRecords, which is 9.",
  ],
  [
    { queue: { maxBytes: 16_777_216 }, batch: { maxBytes: 16_777_217 } },
    "'batch.maxBytes' is 16777217; expected at most queue.maxBytes, which is 16777216.",
  ],
];

/** Options that are close to a contradiction. */
const COMPATIBLE: readonly TrackUsageOptions[] = [
  { retry: { minDelayMs: 1000, maxDelayMs: 1000 } },
  { retry: { maxAgeMs: 1000 } },
  { queue: { overflow: 'drop-newest' }, spool: { dir: '/spool' } },
  { queue: { maxRecords: 1, maxBytes: 1024 } },
  { queue: { maxRecords: 10 }, batch: { maxRecords: 10 } },
  { queue: { maxRecords: 10 }, batch: { maxRecords: 1000 }, spool: { dir: '/spool' } },
];

async function refusalOf(options: unknown): Promise<string> {
  const error = await thrown(() => trackUsage(options as TrackUsageOptions));
  expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_OPTION' });
  return error.message;
}

const user = (): string => 'ada';

describe('the options of trackUsage', () => {
  it('have defaults that no name tells', () => {
    const settings = resolveTrackerOptions({});
    expect(settings).to.include({ storage: null, container: Container, logger: console, clock: systemClock });
    expect(settings.handleSignals).to.deep.equal({ server: null, timeoutMs: 5000, signals: [] });
    expect(settings).to.include({ serverName: findApplication().name, version: findApplication().version });
  });

  it('count as not given when they are undefined, nested ones too', () => {
    const undefinedAll = {
      storage: undefined,
      defaultPolicy: undefined,
      queue: undefined,
      batch: { maxRecords: undefined },
    };
    expect(resolveTrackerOptions(undefinedAll)).to.deep.equal(resolveTrackerOptions({}));
  });

  it('are taken over', () => {
    const clock = new ManualClock();
    const query = ['page'];
    const given = {
      storage,
      defaultPolicy: 'include',
      trackUnmatched: true,
      serverName: 'shop',
      query,
      user,
      clock,
    } as const;
    const settings = resolveTrackerOptions(given);
    expect(settings).to.include({
      defaultPolicy: 'include',
      trackUnmatched: true,
      serverName: 'shop',
      user,
      clock,
    });
    expect(settings.storage).to.deep.equal([storage]);
    query.push('token');
    expect(settings.query).to.deep.equal(['page']);
  });

  for (const [name, value, shown, expected] of REFUSALS) {
    it(`refuse ${name}: ${shown}`, async () => {
      const message = await refusalOf({ [name]: value });
      expect(message).to.equal(`trackUsage: the option '${name}' is ${shown}; expected ${expected}.`);
    });
  }

  for (const [options, says] of CONTRADICTIONS) {
    it(`refuse what contradicts itself: ${JSON.stringify(options)}`, async () => {
      expect(await refusalOf(options)).to.equal(`trackUsage: the option ${says}`);
    });
  }

  for (const options of COMPATIBLE) {
    it(`take what goes together: ${JSON.stringify(options)}`, () => {
      expect(() => resolveTrackerOptions(options)).to.not.throw();
    });
  }

  for (const value of [
    'hunter2',
    { password: 'hunter2' },
    ['hunter2'],
    { authorization: 'Bearer hunter2' },
  ]) {
    it(`refuse an unknown name without ${JSON.stringify(value)}, which may be a secret`, async () => {
      const message = await refusalOf({ pasword: value });
      expect(message)
        .to.include(`there is no option 'pasword' (it was given a value of type ${typeof value}).`)
        .and.not.include('hunter2');
    });
  }

  it('refuse a storage in their place, and the promise of one', () => {
    const memory = new MemoryStorage();
    expect(() => trackUsage(memory as never)).to.throw(
      "it was given the storage 'memory'; expected options: trackUsage({ storage })",
    );
    expect(() => trackUsage({ storage: Promise.resolve(memory) as never })).to.throw(
      /not the promise of one: await/,
    );
  });

  it('take what waits, when it is written and how often, and how long it is kept', () => {
    const given = {
      queue: { maxRecords: 6, maxBytes: 8192, overflow: 'drop-oldest' },
      batch: { maxRecords: 5, maxBytes: 4096, maxDelayMs: 7 },
      retry: { minDelayMs: 8, maxDelayMs: 9, attemptTimeoutMs: 10, maxAgeMs: 11_000 },
    } as const;
    const settings = resolveTrackerOptions({ ...given, retention: { records: { days: 12 } } });
    expect(settings).to.deep.include(given);
    expect(settings.retention).to.include({ records: 12 * 86_400_000 });
  });

  it('take a source of locations, alone or with how it is used', () => {
    const lookup = (): null => null;
    expect(resolveTrackerOptions({ geo: lookup })).to.deep.equal(resolveTrackerOptions({ geo: { lookup } }));
    expect(resolveTrackerOptions({ geo: { lookup, maxWaitMs: 5 } }).geo).to.include({ lookup, maxWaitMs: 5 });
  });
});
