import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import { LaneAccounts } from '../../../src/pipeline/lane/lane-accounts.js';
import type { LaneObserver } from '../../../src/pipeline/telling/report-lanes.js';
import { makeRecords } from '../../support/records.js';

const FAILURE = new Error('out of order');
const SETUP = new TrackUsageError('STORAGE_SETUP', 'no such table');

describe('LaneAccounts', () => {
  let accounts: LaneAccounts;
  /** What the observer was told, with what the books said at that moment. */
  let told: { readonly call: readonly unknown[]; readonly stored: number; readonly refused: number }[];

  beforeEach(() => {
    told = [];
    const note =
      (name: keyof LaneObserver) =>
      (...given: unknown[]): void => {
        told.push({ call: [name, ...given], stored: accounts.stored, refused: accounts.dropped.refused });
      };
    accounts = new LaneAccounts('memory', {
      dropped: note('dropped'),
      failed: note('failed'),
      spoolFailed: note('spoolFailed'),
      flushed: note('flushed'),
      recovered: note('recovered'),
    });
  });

  const calls = (): unknown[] => told.map(({ call }) => call);

  it('begin at zero, with nothing that a person would have to do', () => {
    expect(accounts).to.include({ accepted: 0, stored: 0, retries: 0, failures: 0, lastError: null });
    expect(accounts.needsPerson).to.equal(false);
    expect(new Set(Object.values(accounts.dropped))).to.deep.equal(new Set([0]));
  });

  it('add up what comes in', () => {
    accounts.accept(2);
    accounts.accept(3);
    expect(accounts.accepted).to.equal(5);
    expect(calls()).to.deep.equal([]);
  });

  it('count what is dropped by its reason, and tell which records it was', () => {
    const records = makeRecords(2);
    accounts.drop('queue-full', records, null);
    accounts.drop('expired', records.slice(1), FAILURE);
    expect(accounts.dropped).to.include({ 'queue-full': 2, expired: 1 });
    expect(calls()).to.deep.equal([
      ['dropped', 'memory', 'queue-full', 2, records, null],
      ['dropped', 'memory', 'expired', 1, records.slice(1), FAILURE],
    ]);
  });

  it('tell nobody of no records that were dropped', () => {
    accounts.drop('queue-full', [], null);
    expect(calls()).to.deep.equal([]);
  });

  it('count what nobody has any more', () => {
    accounts.drop('spool-corrupt', [], FAILURE, 3);
    expect(accounts.dropped['spool-corrupt']).to.equal(3);
    expect(calls()).to.deep.equal([['dropped', 'memory', 'spool-corrupt', 3, [], FAILURE]]);
  });

  it('give away no counts that could be changed', () => {
    Object.assign(accounts.dropped, { late: 7 });
    expect(accounts.dropped.late).to.equal(0);
  });

  it('have all of an attempt booked before they tell anybody of it', () => {
    const refused = makeRecords(2).map((record) => ({ record, error: FAILURE }));
    accounts.fail(FAILURE);
    told.length = 0;
    accounts.settle({ stored: 3, refused }, 12);
    expect(calls()).to.deep.equal([
      ...refused.map(({ record }) => ['dropped', 'memory', 'refused', 1, [record], FAILURE]),
      ['flushed', 'memory', 3, 12],
      ['recovered', 'memory', 1],
    ]);
    for (const { stored, refused: count } of told)
      expect({ stored, count }).to.deep.equal({ stored: 3, count: 2 });
  });

  it('tell of no flush when all was refused, and of no recovery when nothing had failed', () => {
    const [record] = makeRecords(1);
    accounts.settle({ stored: 0, refused: record === undefined ? [] : [{ record, error: FAILURE }] }, 1);
    accounts.settle({ stored: 1, refused: [] }, 2);
    expect(told.map(({ call }) => call[0])).to.deep.equal(['dropped', 'flushed']);
  });

  it('count attempts that failed, in all and in a row, and keep the last error', () => {
    accounts.fail(FAILURE);
    accounts.fail('out of order');
    expect(accounts).to.include({ retries: 2, failures: 2 });
    expect(accounts.lastError)
      .to.be.an.instanceOf(Error)
      .and.have.property('message')
      .that.contains('out of order');
    expect(calls()).to.deep.equal([
      ['failed', 'memory', FAILURE, 1],
      ['failed', 'memory', accounts.lastError, 2],
    ]);
    const last = accounts.lastError;
    accounts.settle({ stored: 1, refused: [] }, 1);
    expect(accounts).to.include({ retries: 2, failures: 0, lastError: last });
  });

  it('need a person from an attempt that says so until the next one', () => {
    accounts.fail(SETUP);
    expect(accounts.needsPerson).to.equal(true);
    accounts.fail(FAILURE);
    expect(accounts.needsPerson).to.equal(false);
    accounts.fail(SETUP);
    accounts.settle({ stored: 1, refused: [] }, 1);
    expect(accounts.needsPerson).to.equal(false);
  });
});
