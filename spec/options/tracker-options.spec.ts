import { expect } from 'chai';
import { Container } from 'typedi';
import { systemClock } from '../../src/clock.js';
import { TrackUsageError } from '../../src/errors.js';
import { type TrackUsageOptions, trackUsage } from '../../src/index.js';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { ManualClock, MemoryStorage } from '../../src/testing/index.js';
import { thrown } from '../support/caught.js';

const storage = new MemoryStorage();

/** An option by its path, what it is given, how that is shown, and what is expected instead. */
type Refusal = [path: string, value: unknown, shown: string, expected: string];

const A_STORAGE = 'a storage (an object with a name and a method store) or a list of at least one';
const A_CLOCK = 'an object with now, monotonic, setTimeout and clearTimeout';
const A_LOGGER = 'an object with the methods warn and error';

/** Values that no integer option takes, with how they are shown. */
const NO_INTEGERS: readonly [unknown, string][] = [
  [0, '0'],
  [-1, '-1'],
  [1.5, '1.5'],
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
  ['Infinity', "'Infinity'"],
  ['500', "'500'"],
  [null, 'null'],
  [true, 'true'],
  [10n, '10n'],
];

/** The integer options with their bounds and defaults. */
const INTEGERS: readonly [path: string, min: number, max: number, otherwise: number][] = [
  ['queue.maxRecords', 1, 1_000_000, 10_000],
  ['queue.maxBytes', 1024, 4_294_967_296, 16_777_216],
  ['batch.maxRecords', 1, 10_000, 500],
  ['batch.maxDelayMs', 1, 3_600_000, 1000],
  ['retry.minDelayMs', 1, 3_600_000, 500],
  ['retry.maxDelayMs', 1, 3_600_000, 30_000],
  ['retry.attemptTimeoutMs', 1, 3_600_000, 30_000],
];

const REFUSALS: readonly Refusal[] = [
  ['storage', null, 'null', A_STORAGE],
  ['storage', 'sqlite', "'sqlite'", A_STORAGE],
  ['storage', [], '[]', A_STORAGE],
  ['storage', [storage, null], '[ [MemoryStorage], null ]', A_STORAGE],
  ['storage', {}, '{}', A_STORAGE],
  ['storage', { name: 'x' }, "{ name: 'x' }", A_STORAGE],
  ['storage', { name: '', store() {} }, "{ name: '', store: [Function: store] }", A_STORAGE],
  ['storage', MemoryStorage, '[class MemoryStorage]', A_STORAGE],
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
  ['queue', null, 'null', 'an object such as { maxRecords }'],
  ['queue', 10_000, '10000', 'an object such as { maxRecords }'],
  ['batch', [], '[]', 'an object such as { maxRecords }'],
  ['retry', 'fast', "'fast'", 'an object such as { minDelayMs }'],
  ['retention', null, 'null', 'an object such as { days }'],
  ['retention', 395, '395', 'an object such as { days }'],
  ['retention', false, 'false', 'an object such as { days }'],
  ['retention.days', undefined, 'undefined', 'an integer from 1 to 3650'],
  ['retention.days', 3651, '3651', 'an integer from 1 to 3650'],
  ...NO_INTEGERS.map(([value, shown]): Refusal => [
    'retention.days',
    value,
    shown,
    'an integer from 1 to 3650',
  ]),
  ...INTEGERS.flatMap(([path, min, max]) => [
    ...NO_INTEGERS.map(([value, shown]): Refusal => [path, value, shown, `an integer from ${min} to ${max}`]),
    [path, min - 1, `${min - 1}`, `an integer from ${min} to ${max}`] satisfies Refusal,
    [path, max + 1, `${max + 1}`, `an integer from ${min} to ${max}`] satisfies Refusal,
  ]),
];

/** `{ queue: { maxRecords: 5 } }` for `queue.maxRecords` and 5. */
function optionsOf(path: string, value: unknown): TrackUsageOptions {
  return path
    .split('.')
    .reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as TrackUsageOptions;
}

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

  it('take retention.days from 1 to 3650', () => {
    for (const days of [1, 395, 3650])
      expect(resolveTrackerOptions({ retention: { days } }).retention).to.deep.equal({ days });
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

  for (const [path, min, max, otherwise] of INTEGERS) {
    it(`take ${path} from ${min} to ${max}, and ${otherwise} by default`, () => {
      const [group = '', name = ''] = path.split('.');
      const read = (options: TrackUsageOptions): unknown => {
        const settings = resolveTrackerOptions(options) as unknown as Record<string, Record<string, unknown>>;
        return settings[group]?.[name];
      };
      expect(read({})).to.equal(otherwise);
      // The other bound of the pauses has to leave room.
      const room = path === 'retry.minDelayMs' ? { maxDelayMs: max } : { minDelayMs: 1 };
      for (const value of [min, max]) {
        const inner = group === 'retry' ? { ...room, [name]: value } : { [name]: value };
        expect(read({ [group]: inner })).to.equal(value);
      }
    });
  }

  for (const [path, value, shown, expected] of REFUSALS) {
    it(`refuse ${path}: ${shown}`, async () => {
      const message = await refusalOf(optionsOf(path, value));
      expect(message).to.equal(`trackUsage: the option '${path}' is ${shown}; expected ${expected}.`);
    });
  }

  for (const [path, listed] of [
    ['storages', "'storage', 'container', 'defaultPolicy'"],
    ['default_policy', "'defaultPolicy'"],
    ['Storage', "'storage'"],
    ['queue.maxrecords', "'queue.maxRecords', 'queue.maxBytes'"],
    ['batch.size', "'batch.maxRecords', 'batch.maxBytes', 'batch.maxDelayMs'"],
    ['retention.hours', "'retention.days'"],
    ['retry.retries', "'retry.minDelayMs', 'retry.maxDelayMs', 'retry.attemptTimeoutMs'"],
  ] as const) {
    it(`refuse the unknown name ${path}, and list those that exist`, async () => {
      const message = await refusalOf(optionsOf(path, 5));
      expect(message)
        .to.include(`trackUsage: there is no option '${path}' (it was given 5).`)
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
      const message = await refusalOf(optionsOf('pasword', value));
      expect(message)
        .to.include(`there is no option 'pasword' (it was given a value of type ${typeof value}).`)
        .and.not.include('hunter2');
    });
  }

  it('refuse pauses that shrink', async () => {
    expect(await refusalOf({ retry: { minDelayMs: 1000, maxDelayMs: 999 } })).to.equal(
      "trackUsage: the option 'retry.maxDelayMs' is 999; expected at least retry.minDelayMs, which is 1000.",
    );
  });

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

  it('take a spool, and refuse one without a folder', () => {
    expect(resolveTrackerOptions({ spool: { dir: '/spool' } }).spool).to.include({ mode: 'overflow' });
    expect(() => resolveTrackerOptions({ spool: {} as never })).to.throw(
      /'spool\.dir' is undefined; expected the path of a folder/,
    );
  });
});
