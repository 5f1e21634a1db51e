import { expect } from 'chai';
import { integer, readOptions, required, show, text } from '../src/option-reader.js';
import { refusalOf } from './support/refusal.js';

class ExampleOptions {
  readonly maxDelayMs? = integer({ min: 1, max: 9, default: 5, unit: 'milliseconds' });
  readonly key? = text({ isSecret: true });
  readonly folder = required(text({ convert: (value, { name }) => `${name}:${value}` }));
}

describe('readOptions', () => {
  const read = (options: object): object => readOptions('connect', ExampleOptions, options, 'example');

  it('fills in defaults, and hands a value and its name to what makes the setting', () => {
    expect(read({ folder: 'tmp', maxDelayMs: undefined })).to.deep.equal({
      maxDelayMs: 5,
      key: undefined,
      folder: 'example.folder:tmp',
    });
  });

  it('says what a number counts', () => {
    expect(refusalOf(() => read({ folder: 'tmp', maxDelayMs: 10 })).message).to.equal(
      "connect: the option 'example.maxDelayMs' is 10; expected an integer from 1 to 9 (milliseconds).",
    );
  });

  it('keeps a secret to itself, and any text under a name that nobody knows', () => {
    expect(refusalOf(() => read({ folder: 'tmp', key: ['hunter2'] })).message).to.equal(
      "connect: the option 'example.key' cannot be used (its value is not shown); expected text that is not empty.",
    );
    expect(refusalOf(() => read({ folder: 'tmp', kee: 'hunter2' })).message).to.match(
      /no option 'example\.kee' \(it was given a value of type string\)/,
    );
  });
});

describe('show', () => {
  for (const [value, shown] of [
    ['usage.db', "'usage.db'"],
    ['ada@example.com', "'ada@example.com'"],
    ['10:30', "'10:30'"],
    ['https://geo.example/hunter2', "'https://…'"],
    ['postgres://ada:hunter2@db/app', "'postgres:…'"],
    ['ada:hunter2@db', "'ada:…'"],
    [`ada:${'hunter2'.repeat(50)}@db`, "'ada:…'"],
    [['postgres://ada:hunter2@db/app'], "[ 'postgres:…"],
    [{ url: 'https://geo.example/hunter2' }, "{ url: 'https://…"],
    ['x'.repeat(100), `'${'x'.repeat(80)}'... 20 more characters`],
  ] as const) {
    it(`shows ${JSON.stringify(value)} as ${shown}`, () => {
      expect(show(value)).to.equal(shown);
    });
  }

  it('shows what cannot be inspected', () => {
    const value = Object.defineProperty(new Date(NaN), Symbol.for('nodejs.util.inspect.custom'), {
      value: () => {
        throw new Error('no');
      },
    });
    expect(show(value)).to.equal('Invalid Date');
  });
});
