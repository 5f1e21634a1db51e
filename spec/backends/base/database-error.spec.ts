import { expect } from 'chai';
import { messageOf } from '../../../src/backends/base/database-error.js';

describe('The message of an error of a database', () => {
  it('is what the error says, or whatever was thrown', () => {
    expect(messageOf(new Error('no such table'))).to.equal('no such table');
    expect(messageOf('no such table')).to.equal('no such table');
    expect(messageOf(null)).to.equal('null');
  });

  it('is what the first address says, where all of a host failed', () => {
    const errors = [new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')];
    expect(messageOf(new AggregateError(errors))).to.equal('connect ECONNREFUSED ::1:1');
    expect(messageOf(new AggregateError(['odd']))).to.equal('AggregateError');
  });

  it('is the code or the name of an error without a message', () => {
    expect(messageOf(Object.assign(new Error(), { code: 'ECONNRESET' }))).to.equal('ECONNRESET');
    expect(messageOf(Object.assign(new TypeError(), { code: 7 }))).to.equal('TypeError');
  });
});
