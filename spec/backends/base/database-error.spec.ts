import { expect } from 'chai';
import { messageOf, readError } from '../../../src/backends/base/database-error.js';

describe('The message of an error of a database', () => {
  it('is what the error says, or whatever was thrown', () => {
    expect(messageOf(new Error('no such table'))).to.equal('no such table');
    expect(messageOf('no such table')).to.equal('no such table');
    expect(messageOf(null)).to.equal('null');
  });

  it('has no full stop, as a sentence goes on behind it', () => {
    expect(messageOf(new Error('no such table. '))).to.equal('no such table');
    expect(messageOf(new AggregateError([new Error('Timeout error.')]))).to.equal('Timeout error');
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

describe('The error of what cannot be read', () => {
  it('is never that of a batch, and has the cause', () => {
    const cause = new Error('numeric value out of range');
    const error = readError(cause, 'refused', "table 'koa_usage'");
    expect(error).to.include({ code: 'STORAGE_UNAVAILABLE', cause });
    expect(error.message).to.equal("The table 'koa_usage' cannot be read now: numeric value out of range.");
  });
});
