import { expect } from 'chai';
import { CircuitBreaker } from '../../../../src/capture/client/location/circuit-breaker.js';
import { ManualClock } from '../../../../src/testing/index.js';

describe('A circuit breaker', () => {
  let clock: ManualClock;
  let breaker: CircuitBreaker;

  beforeEach(() => {
    clock = new ManualClock();
    breaker = new CircuitBreaker(clock, 3, 1000);
  });

  function fail(times: number): void {
    for (let time = 0; time < times; time += 1) breaker.failed();
  }

  it('opens when so many attempts have failed in a row', () => {
    fail(2);
    expect(breaker.admit()).to.equal(true);
    breaker.succeeded();
    fail(2);
    expect(breaker.admit()).to.equal(true);
    fail(1);
    expect(breaker.isOpen).to.equal(true);
    expect(breaker.admit()).to.equal(false);
  });

  it('lets one attempt through after the pause, and all of them once it has succeeded', async () => {
    fail(3);
    await clock.advance(999);
    expect(breaker.admit()).to.equal(false);
    await clock.advance(1);
    expect(breaker.isPassable).to.equal(true);
    expect([breaker.admit(), breaker.admit()]).to.deep.equal([true, false]);
    expect(breaker.isPassable).to.equal(false);
    breaker.succeeded();
    expect([breaker.admit(), breaker.admit()]).to.deep.equal([true, true]);
    fail(2);
    expect(breaker.isOpen).to.equal(false);
  });

  it('pauses anew when that attempt fails', async () => {
    fail(3);
    await clock.advance(1000);
    expect(breaker.admit()).to.equal(true);
    fail(1);
    await clock.advance(999);
    expect(breaker.admit()).to.equal(false);
    await clock.advance(1);
    expect(breaker.admit()).to.equal(true);
  });

  it('does not pause longer for attempts that began before it opened', async () => {
    fail(3);
    await clock.advance(600);
    fail(1);
    await clock.advance(400);
    expect(breaker.admit()).to.equal(true);
  });
});
