import { expect } from 'chai';
import { OptionReader } from '../../../src/option-reader.js';
import { readDriverOptions } from '../../../src/backends/mikro-orm/connect-options.js';
import { refusalOf } from '../../support/refusal.js';

describe('The option driverOptions', () => {
  const read = (driverOptions?: unknown): object =>
    readDriverOptions(
      new OptionReader('connect', { driverOptions: driverOptions as object }, ['driverOptions']),
    );

  it('is taken as it is given, and empty unless it is', () => {
    const given = { ssl: true };
    expect(read(given)).to.equal(given);
    expect(read()).to.deep.equal({});
  });

  for (const value of [null, [], 'ssl', true, () => {}]) {
    it(`is no ${value === null ? 'null' : typeof value}: ${String(value)}`, () => {
      expect(refusalOf(() => read(value)).message).to.match(
        /^connect: the option 'driverOptions' is .*; expected an object\.$/,
      );
    });
  }
});
