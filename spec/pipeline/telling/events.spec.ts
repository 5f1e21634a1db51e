import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import { TrackerEvents } from '../../../src/pipeline/telling/events.js';

const FAILURE = { storage: 'memory', error: new Error('x'), failures: 1 };

describe('TrackerEvents', () => {
  it('calls the listeners of an event until they are taken back', () => {
    const events = new TrackerEvents(() => {});
    const seen: unknown[] = [];
    const listener = (event: unknown): void => void seen.push(event);
    events.on('error', listener);
    events.emit('error', FAILURE);
    events.emit('flush', { storage: 'memory', stored: 1, durationMs: 1 });
    events.off('error', listener);
    events.emit('error', FAILURE);
    expect(seen).to.deep.equal([FAILURE]);
  });

  it('refuses the name of no event, and a listener that is no function', () => {
    const events = new TrackerEvents(() => {});
    const refused: readonly (readonly [name: unknown, listener: unknown, told: string])[] = [
      ['errors', () => {}, "the event 'errors'"],
      ['constructor', () => {}, "the event 'constructor'"],
      [undefined, () => {}, "the event 'undefined'"],
      ['error', undefined, 'a listener of type undefined'],
      ['drop', {}, 'a listener of type object'],
    ];
    for (const [name, listener, told] of refused) {
      expect(() => events.on(name as 'error', listener as () => void))
        .to.throw(
          TrackUsageError,
          `was given ${told}; expected one of the events drop, error, flush, recover, and a function`,
        )
        .with.property('code', 'INVALID_OPTION');
    }
  });

  it('does not throw an error event that nobody listens to', () => {
    new TrackerEvents(() => {}).emit('error', FAILURE);
  });

  it('survives an asynchronous listener that rejects', async () => {
    const failures: unknown[] = [];
    const events = new TrackerEvents((error) => void failures.push(error));
    events.on('error', async () => {
      throw new Error('listener');
    });
    events.emit('error', FAILURE);
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures).to.have.length(1);
  });

  it('goes on with the other listeners when one throws', () => {
    const failures: unknown[] = [];
    const events = new TrackerEvents((error) => void failures.push(error));
    let called = false;
    events.on('error', () => {
      throw new Error('listener');
    });
    events.on('error', () => {
      called = true;
    });
    events.emit('error', FAILURE);
    expect(called).to.equal(true);
    expect(failures).to.have.length(1);
  });
});
