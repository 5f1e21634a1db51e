import { expect } from 'chai';
import * as kit from '../../src/storage/index.js';
import { JSON_LIMITS, TEXT_LIMITS } from '../../src/record/limits.js';

describe('The limits of a record', () => {
  it('are published for the authors of storages', () => {
    expect(kit.TEXT_LIMITS).to.equal(TEXT_LIMITS);
    expect(kit.JSON_LIMITS).to.equal(JSON_LIMITS);
  });

  it('leave room for the longest text that an address can have', () => {
    expect(TEXT_LIMITS.remoteAddr).to.equal('ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255'.length);
  });

  it('leave room in every text for a character and the mark', () => {
    for (const limit of [...Object.values(TEXT_LIMITS), JSON_LIMITS.text]) expect(limit).to.be.at.least(3);
  });

  it('let a JSON value hold at least one text that needs an escape for every character', () => {
    expect(JSON_LIMITS.text * 6).to.be.below(JSON_LIMITS.bytes);
  });
});
