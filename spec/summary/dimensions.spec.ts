import { inspect } from 'node:util';
import { expect } from 'chai';
import type { UsageRecord } from '../../src/record/usage-record.js';
import {
  DEFAULT_DIMENSIONS,
  DIMENSION_NAMES,
  type Dimension,
  type SummaryDefinition,
  defineSummary,
  dimensionOf,
} from '../../src/summary/dimensions.js';
import { makeRecord } from '../support/records.js';
import { refusalOf } from '../support/refusal.js';

const RECORD = makeRecord({
  serverName: 'shop',
  method: 'PUT',
  path: '/orders/7',
  route: '/orders/:id',
  controller: 'OrderController',
  action: 'change',
  status: 409,
  username: 'ada',
  remoteAddr: '192.0.2.0',
  visitor: 'v-1',
  userAgent: {
    browser: 'Firefox',
    version: '143.0',
    platform: 'Linux',
    language: 'de-CH',
    string: 'Mozilla/5.0',
  },
  ipInfo: { countryCode: 'CH' },
});

const BLANK = makeRecord({
  route: null,
  controller: null,
  action: null,
  status: null,
  username: null,
  remoteAddr: null,
  visitor: null,
  ipInfo: null,
  userAgent: { browser: null, version: null, platform: null, language: null, string: null },
});

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const named = (name: string): Dimension => dimensionOf(name) as Dimension;

/** The key of a record by the names of its parts. */
function keyOf({ parts, keyOf: find }: Dimension, record: UsageRecord): object | null {
  const key = find(record);
  return key && Object.fromEntries(parts.map((part, index) => [part, key[index]]));
}

const ENDPOINT = {
  service: 'shop',
  method: 'PUT',
  route: '/orders/:id',
  controller: 'OrderController',
  action: 'change',
};
const NO_ENDPOINT = { service: 'spec', method: 'GET', route: null, controller: null, action: null };

/** The keys of both records in each dimension. */
const KEYS: Readonly<Record<string, readonly [object, object]>> = {
  endpoint: [ENDPOINT, NO_ENDPOINT],
  caller: [{ username: 'ada' }, { username: null }],
  endpointCaller: [
    { ...ENDPOINT, username: 'ada' },
    { ...NO_ENDPOINT, username: null },
  ],
  status: [{ status: 409 }, { status: null }],
  client: [
    { browser: 'Firefox', platform: 'Linux' },
    { browser: null, platform: null },
  ],
  language: [{ language: 'de-CH' }, { language: null }],
  country: [{ country: 'CH' }, { country: null }],
  server: [{ service: 'shop' }, { service: 'spec' }],
  path: [
    { service: 'shop', method: 'PUT', path: '/orders/7' },
    { service: 'spec', method: 'GET', path: '/users/7' },
  ],
  remote: [{ remoteAddr: '192.0.2.0' }, { remoteAddr: null }],
  visitor: [{ visitor: 'v-1' }, { visitor: null }],
};

describe('summary/dimensions', () => {
  it('has these dimensions, and no others', () => {
    expect(DIMENSION_NAMES).to.have.members(Object.keys(KEYS));
    for (const name of ['constructor', '__proto__', 'toString', 'Endpoint', ''])
      expect(dimensionOf(name), name).to.equal(undefined);
  });

  for (const [name, [ofRecord, ofBlank]] of Object.entries(KEYS)) {
    it(`has the parts of a record's key by ${name}, and null for what is not known`, () => {
      expect(keyOf(named(name), RECORD)).to.deep.equal(ofRecord);
      expect(keyOf(named(name), BLANK)).to.deep.equal(ofBlank);
    });

    it(`needs no other columns of a record for its key by ${name} than it says`, () => {
      const has = (column: string): boolean => (named(name).columns as string[]).includes(column);
      const fields = Object.entries(RECORD).filter(([field]) => has(field));
      const parts = Object.entries(RECORD.userAgent).filter(([part]) => has(`ua${capital(part)}`));
      const some = { ...Object.fromEntries(fields), userAgent: Object.fromEntries(parts) };
      expect(keyOf(named(name), some as UsageRecord)).to.deep.equal(ofRecord);
    });
  }

  it('has no country where a source of locations gives something else than text', () => {
    for (const countryCode of [5, null, ['CH'], { code: 'CH' }])
      expect(named('country').keyOf(makeRecord({ ipInfo: { countryCode } }))).to.deep.equal([null]);
  });

  it('sums up neither by addresses nor by paths, visitors or locations unless it is asked to', () => {
    const parts = DEFAULT_DIMENSIONS.flatMap((name) => named(name).parts);
    for (const part of ['remoteAddr', 'path', 'visitor', 'country']) expect(parts).to.not.include(part);
    const keys = DEFAULT_DIMENSIONS.flatMap((name) => named(name).keyOf(RECORD) ?? []);
    for (const value of ['192.0.2.0', '/orders/7', 'v-1', 'CH']) expect(keys).to.not.include(value);
  });

  it('calls personal whatever has a user, an address, a visitor or a path in its key, and nothing else', () => {
    for (const name of DIMENSION_NAMES) {
      const { parts, isPersonal } = named(name);
      const isOf = ['username', 'remoteAddr', 'visitor', 'path'].some((part) => parts.includes(part));
      expect(isPersonal, name).to.equal(isOf);
    }
  });

  it('keeps 2,000 keys in a period, and 5,000 of pairs and visitors', () => {
    const most = DIMENSION_NAMES.map((name) => [name, named(name).maxKeys] as const);
    expect(most.filter(([, maxKeys]) => maxKeys !== 2000)).to.have.deep.members([
      ['endpointCaller', 5000],
      ['visitor', 5000],
    ]);
  });
});

describe('defineSummary', () => {
  /** The key of the record by a definition, each under a name of its own. */
  let names = 0;
  const define = (
    key: (record: UsageRecord) => unknown,
    more: Partial<SummaryDefinition> = {},
  ): Dimension => {
    names += 1;
    const name = `specDimension${names}`;
    return dimensionOf(defineSummary({ name, key: key as SummaryDefinition['key'], ...more })) as Dimension;
  };

  it('makes a dimension that is found by what it returned, and by its name', () => {
    const handle = defineSummary({ name: 'specTenant', key: ({ username }) => username });
    expect(handle).to.deep.equal({ name: 'specTenant' });
    expect(Object.isFrozen(handle)).to.equal(true);
    const dimension = dimensionOf(handle);
    expect(dimension).to.deep.include({ parts: ['specTenant'], maxKeys: 2000, isPersonal: false });
    expect(dimensionOf('specTenant')).to.equal(dimension);
    expect(dimension?.keyOf(RECORD)).to.deep.equal(['ada']);
  });

  it('knows nothing that only looks like what it returned', () => {
    defineSummary({ name: 'specReal', key: () => 'x' });
    for (const given of [
      { name: 'specReal' },
      { name: 'endpoint' },
      null,
      undefined,
      5,
      ['endpoint'],
      () => 'x',
    ])
      expect(dimensionOf(given), inspect(given)).to.equal(undefined);
  });

  it('takes the most keys and whether they name persons', () => {
    expect(define(() => 'x', { maxKeys: 50_000, personal: true })).to.deep.include({
      maxKeys: 50_000,
      isPersonal: true,
    });
    expect(define(() => 'x', { maxKeys: 1 })).to.include({ maxKeys: 1 });
  });

  it('takes text, numbers, truth values and null for keys', () => {
    for (const value of ['', 'a', 0, -1.5, true, false, null])
      expect(define(() => value).keyOf(RECORD)).to.deep.equal([value]);
  });

  it('leaves a record out whose key is undefined, no scalar, or throws', () => {
    const keys = [undefined, {}, ['a'], Symbol('x'), 5n, () => 'x', Promise.resolve('x'), new String('x')];
    for (const value of keys) expect(define(() => value).keyOf(RECORD), inspect(value)).to.equal(null);
    const throwing = define(({ username }) => {
      if (username === null) throw new Error('Nobody.');
      return username;
    });
    expect([BLANK, RECORD].map((record) => throwing.keyOf(record))).to.deep.equal([null, ['ada']]);
  });

  it('keeps of a key what rows can hold', () => {
    const kept = ['a\0b', 'x'.repeat(2000), NaN, Infinity, -Infinity, -0].map((value) =>
      define(() => value).keyOf(RECORD),
    );
    expect(kept).to.deep.equal([['ab'], ['x'.repeat(1024)], [null], [null], [null], [0]]);
  });
});

describe('defineSummary with what cannot be used', () => {
  const key = (): string => 'x';

  for (const name of [
    '',
    '1a',
    '-a',
    'a b',
    'a.b',
    'ä',
    `a${'b'.repeat(40)}`,
    '__proto__',
    'a\n',
    undefined,
    null,
    5,
    {},
    ...DIMENSION_NAMES,
  ]) {
    it(`refuses the name ${JSON.stringify(name)}`, () => {
      const { code, message } = refusalOf(() => defineSummary({ name, key } as SummaryDefinition));
      expect(code).to.equal('INVALID_OPTION');
      expect(message).to.match(/^defineSummary: 'name' is .+; expected a name of letters, digits, - and _, /);
    });
  }

  it('takes names of up to 40 characters', () => {
    expect(defineSummary({ name: `s${'-'.repeat(38)}_`, key }).name).to.have.length(40);
  });

  for (const name of [
    'start',
    'isOther',
    'hits',
    'clientErrors',
    'serverErrors',
    'aborted',
    'bots',
    'requestBytes',
    'responseBytes',
    'durationMs',
    'firstDate',
    'lastDate',
    'by',
    'period',
    'startDate',
    'endDate',
    'orderBy',
    'limit',
    'fresh',
  ]) {
    it(`refuses the name ${name}, which a row or a query has already`, () => {
      const { message } = refusalOf(() => defineSummary({ name, key }));
      expect(message).to.match(new RegExp(`^defineSummary: 'name' is '${name}'; expected a name `));
    });
  }

  for (const [option, value, expected] of [
    ['key', 'username', 'a function of a record'],
    ['maxKeys', 0, 'an integer from 1 to 50000'],
    ['maxKeys', 50_001, 'an integer from 1 to 50000'],
    ['maxKeys', 1.5, 'an integer from 1 to 50000'],
    ['maxKeys', '5', 'an integer from 1 to 50000'],
    ['maxKeys', null, 'an integer from 1 to 50000'],
    ['personal', 1, 'true or false'],
    ['personal', null, 'true or false'],
  ] as const) {
    it(`refuses ${option}: ${JSON.stringify(value)}`, () => {
      const definition = { name: 'specBad', key, [option]: value } as unknown as SummaryDefinition;
      const { code, message } = refusalOf(() => defineSummary(definition));
      expect({ code, message: message.replace(/is .+;/, 'is …;') }).to.deep.equal({
        code: 'INVALID_OPTION',
        message: `defineSummary: '${option}' is …; expected ${expected}.`,
      });
    });
  }

  it('refuses what is no definition', () => {
    for (const definition of [undefined, null, 'tenant', 5, [], key]) {
      const { message } = refusalOf(() => defineSummary(definition as never));
      expect(message).to.include("'definition' is ").and.include('expected an object with name and key');
    }
  });

  it('refuses a name that another definition has, as queries name it', () => {
    defineSummary({ name: 'specTwice', key });
    expect(refusalOf(() => defineSummary({ name: 'specTwice', key })).message).to.include("'specTwice'");
  });
});
