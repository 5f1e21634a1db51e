import { expect } from 'chai';
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
