import { expect } from 'chai';
import { Container } from 'typedi';
import { systemClock } from '../../src/time/clock.js';
import { TrackUsageError } from '../../src/errors.js';
import { type TrackUsageOptions, trackUsage } from '../../src/index.js';
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
  ['storage', null, 'null', A_STORAGE],
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
  ['container', null, 'null', 'a TypeDI container'],
  ['container', new Map(), 'Map(0) {}', 'a TypeDI container'],
  ['defaultPolicy', 'sometimes', "'sometimes'", "'exclude' or 'include'"],
  ['defaultPolicy', 'Include', "'Include'", "'exclude' or 'include'"],
  ['defaultPolicy', null, 'null', "'exclude' or 'include'"],
  ['defaultPolicy', true, 'true', "'exclude' or 'include'"],
  ['defaultPolicy', ['include'], "[ 'include' ]", "'exclude' or 'include'"],
  ['trackUnmatched', 'yes', "'yes'", 'true or false'],
  ['trackUnmatched', 1, '1', 'true or false'],
  ['trackUnmatched', null, 'null', 'true or false'],
  [
    'trackUnmatched',
    true,
    'true',
    "false, as unmatched requests are only tracked with defaultPolicy: 'include'",
  ],
  ['serverName', '', "''", 'text that is not empty'],
  ['serverName', 5, '5', 'text that is not empty'],
  ['serverName', null, 'null', 'text that is not empty'],
  ['user', 'ada', "'ada'", 'a function'],
  ['user', null, 'null', 'a function'],
  ['logger', null, 'null', A_LOGGER],
  ['logger', { warn() {} }, '{ warn: [Function: warn] }', A_LOGGER],
  ['clock', Date, '[Function: Date]', A_CLOCK],
  ['clock', null, 'null', A_CLOCK],
  ['handleSignals', 'SIGTERM', "'SIGTERM'", 'true or false'],
  ['handleSignals', null, 'null', 'true or false'],
  ['metrics', 'off', "'off'", 'true or false'],
  ['metrics', null, 'null', 'true or false'],
];

async function refusalOf(options: unknown): Promise<string> {
  const error = await thrown(() => trackUsage(options as TrackUsageOptions));
  expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_OPTION' });
  return error.message;
}

const user = (): string => 'ada';

describe('the options of trackUsage', () => {
  it('have defaults', () => {
    const settings = resolveTrackerOptions({});
    expect(settings).to.include({
      storages: null,
      defaultPolicy: 'exclude',
      trackUnmatched: false,
      user: null,
    });
    expect(settings.query).to.deep.equal([]);
    expect(settings.container).to.equal(Container);
    expect(settings.logger).to.equal(console);
    expect(settings.clock).to.equal(systemClock);
    expect(settings.queue).to.deep.equal({
      maxRecords: 10_000,
      maxBytes: 16_777_216,
      overflow: 'drop-newest',
    });
    expect(settings.batch).to.deep.equal({ maxRecords: 500, maxBytes: 4_194_304, maxDelayMs: 1000 });
    expect(settings.retry).to.deep.equal({
      minDelayMs: 500,
      maxDelayMs: 30_000,
      attemptTimeoutMs: 30_000,
      maxAgeMs: 604_800_000,
    });
    expect(settings).to.include({ spool: null, retention: null, handleSignals: false, metrics: true });
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
    expect(settings.storages).to.deep.equal([storage]);
    query.push('token');
    expect(settings.query).to.deep.equal(['page']);
  });

  for (const [name, value, shown, expected] of REFUSALS) {
    it(`refuse ${name}: ${shown}`, async () => {
      const message = await refusalOf({ [name]: value });
      expect(message).to.equal(`trackUsage: the option '${name}' is ${shown}; expected ${expected}.`);
    });
  }

  for (const [name, listed] of [
    ['storages', "'storage', 'container', 'defaultPolicy'"],
    ['default_policy', "'defaultPolicy'"],
    ['Storage', "'storage'"],
  ] as const) {
    it(`refuse the unknown name ${name}, and list those that exist`, async () => {
      const message = await refusalOf({ [name]: 5 });
      expect(message)
        .to.include(`trackUsage: there is no option '${name}' (it was given 5).`)
        .and.include(listed);
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

  for (const [options, shown] of [
    [null, 'null'],
    ['include', "'include'"],
    [[], '[]'],
    [() => {}, '[Function (anonymous)]'],
  ] as const) {
    it(`refuse ${shown} in the place of the object`, async () => {
      expect(await refusalOf(options)).to.equal(
        `trackUsage: the option 'options' is ${shown}; expected an object.`,
      );
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
      queue: { maxRecords: 5, maxBytes: 4096, overflow: 'drop-oldest' },
      batch: { maxRecords: 6, maxBytes: 8192, maxDelayMs: 7 },
      retry: { minDelayMs: 8, maxDelayMs: 9, attemptTimeoutMs: 10, maxAgeMs: 11_000 },
      retention: { days: 12 },
    } as const;
    expect(resolveTrackerOptions(given)).to.deep.include(given);
    for (const group of Object.keys(given)) {
      expect(() => resolveTrackerOptions({ [group]: null })).to.throw(`the option '${group}' is null`);
    }
  });

  it('take a spool, and refuse one without a folder', () => {
    expect(resolveTrackerOptions({ spool: { dir: '/spool' } }).spool).to.include({ mode: 'overflow' });
    expect(() => resolveTrackerOptions({ spool: {} as never })).to.throw(
      /'spool\.dir' is undefined; expected the path of a folder/,
    );
  });
});
