import { expect } from 'chai';
import { TrackUsageError } from '../src/errors.js';

describe('TrackUsageError', () => {
  it('is an Error with a code, a name, and the cause where there is one', () => {
    const cause = new Error('below');
    const error = new TrackUsageError('STORAGE_CONNECT', 'cannot open', cause);
    expect(error)
      .to.be.instanceOf(Error)
      .and.include({ name: 'TrackUsageError', code: 'STORAGE_CONNECT', cause });
    expect(new TrackUsageError('INVALID_QUERY', 'no')).not.to.have.property('cause');
  });
});
