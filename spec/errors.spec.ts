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

  it('is an instance for every installed copy of the package', async () => {
    const again: string = '../src/errors.js?copy';
    const copy = (await import(again)) as {
      TrackUsageError: typeof TrackUsageError;
    };
    expect(copy.TrackUsageError).not.to.equal(TrackUsageError);
    expect(new copy.TrackUsageError('INVALID_QUERY', 'no')).to.be.instanceOf(TrackUsageError);
    expect(new TrackUsageError('INVALID_QUERY', 'no')).to.be.instanceOf(copy.TrackUsageError);
  });

  it('is no other error, and none of a class that extends it', () => {
    class OwnError extends TrackUsageError {}
    expect(new OwnError('INVALID_QUERY', 'no')).to.be.instanceOf(OwnError).and.instanceOf(TrackUsageError);
    expect(new TrackUsageError('INVALID_QUERY', 'no')).not.to.be.instanceOf(OwnError);
    const others = [
      new Error('no'),
      { name: 'TrackUsageError', code: 'INVALID_QUERY' },
      null,
      'text',
      undefined,
    ];
    for (const other of others)
      expect(other).not.to.satisfy((value: unknown) => value instanceof TrackUsageError);
  });
});
