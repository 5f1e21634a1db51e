import { expect } from 'chai';
import { type ConnectionLease, leaseOf } from '../../../src/backends/sql/connection-lease.js';
import { caught } from '../../support/caught.js';
import { until } from '../../support/until.js';

const { signal } = new AbortController();

describe('backends/sql/connection-lease', () => {
  let arrivals: ((connection: string) => void)[];
  let given: unknown[][];
  let lease: ConnectionLease<string>;

  beforeEach(() => {
    arrivals = [];
    given = [];
    lease = leaseOf<string>(
      () => new Promise((resolve) => void arrivals.push(resolve)),
      (...back) => void given.push(back),
    );
  });

  const arrive = async (name: string): Promise<void> => {
    await until(() => arrivals.length > 0, 'a connection is asked for');
    arrivals.shift()?.(name);
  };

  it('gives a connection back with what the work threw, or nothing', async () => {
    const using = lease(signal, async (connection) => `${connection} worked`);
    await arrive('one');
    expect(await using).to.equal('one worked');
    const failure = new Error('no such table');
    const failing = caught(lease(signal, () => Promise.reject(failure)));
    await arrive('two');
    expect(await failing).to.equal(failure);
    expect(given).to.deep.equal([
      ['one', null],
      ['two', failure],
    ]);
  });

  it('rejects at once while it waits for the pool, asks it no second time, and gives back what comes late', async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const abort = new AbortController();
      const using = caught(lease(abort.signal, () => Promise.resolve()));
      abort.abort(new Error('too slow'));
      expect((await using).message).to.equal('too slow');
    }
    expect(arrivals).to.have.lengthOf(1);
    await arrive('late');
    await until(() => given.length === 1, 'it is given back');
    expect(given).to.deep.equal([['late', null]]);
  });

  it('rejects at once while the server works, and begins nothing before it has answered', async () => {
    const abort = new AbortController();
    const answer = Promise.withResolvers<string>();
    const using = caught(lease(abort.signal, () => answer.promise));
    await arrive('one');
    const began: string[] = [];
    const next = lease(signal, async (connection) => void began.push(connection));
    abort.abort(new Error('too slow'));
    expect((await using).message).to.equal('too slow');
    expect({ given, arrivals }).to.deep.equal({ given: [], arrivals: [] });
    answer.resolve('done');
    await arrive('two');
    await next;
    expect(began).to.deep.equal(['two']);
    expect(given).to.deep.equal([
      ['one', null],
      ['two', null],
    ]);
  });
});
