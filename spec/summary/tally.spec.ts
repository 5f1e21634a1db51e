import { expect } from 'chai';
import * as fc from 'fast-check';
import { Tally, contributionOf } from '../../src/summary/tally.js';
import { anySummedRecord } from '../support/summed-records.js';
import { makeRecord } from '../support/records.js';
import { bytesOf, copyOf } from '../support/tally-bytes.js';

function tallyOf(records: Iterable<ReturnType<typeof makeRecord>>): Tally {
  const tally = new Tally();
  for (const record of records) tally.add(contributionOf(record));
  return tally;
}

const anyRecords = fc.array(anySummedRecord, { minLength: 1, maxLength: 30 });

describe('summary/tally', () => {
  it('always is the same, whatever the order of the records', () => {
    fc.assert(
      fc.property(anyRecords, fc.infiniteStream(fc.nat()), (records, ranks) => {
        const shuffled = records
          .map((record) => ({ record, rank: ranks.next().value as number }))
          .toSorted((one, other) => one.rank - other.rank)
          .map(({ record }) => record);
        expect(bytesOf(tallyOf(shuffled))).to.deep.equal(bytesOf(tallyOf(records)));
      }),
    );
  });

  it('always comes out of its bytes as it was', () => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        const tally = tallyOf(records);
        const copy = copyOf(tally);
        expect(bytesOf(copy)).to.deep.equal(bytesOf(tally));
        expect(copy.toFigures()).to.deep.equal(tally.toFigures());
      }),
    );
  });

  it('always has the longest duration and percentiles in order that do not exceed it', () => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        const { p50, p95, p99, max } = tallyOf(records).toFigures().durationMs;
        expect([p50, p95, p99, max]).to.deep.equal([p50, p95, p99, max].toSorted((a, b) => a - b));
        expect(max).to.equal(Math.max(...records.map(({ durationMs }) => durationMs)));
      }),
    );
  });

  it('counts a record by its weight', () => {
    const record = makeRecord({
      weight: 10,
      status: 503,
      aborted: true,
      bot: true,
      requestBytes: 7,
      responseBytes: 11,
      durationMs: 12.5,
    });
    const { hits, serverErrors, clientErrors, ...figures } = tallyOf([record]).toFigures();
    expect({ hits, serverErrors, clientErrors }).to.deep.equal({
      hits: 10,
      serverErrors: 10,
      clientErrors: 0,
    });
    expect(figures).to.deep.include({ aborted: 10, bots: 10, requestBytes: 70, responseBytes: 110 });
    expect(figures).to.deep.include({ firstDate: record.date, lastDate: record.date });
    expect(figures.durationMs).to.deep.include({ mean: 12.5, max: 12.5 });
  });

  it('has weights of sample rates such as 0.3 within a millionth', () => {
    const records = Array.from({ length: 300 }, () => makeRecord({ weight: 1 / 0.3 }));
    expect(tallyOf(records).toFigures().hits).to.be.closeTo(1000, 300 * 2 ** -21);
  });

  it('keeps fractions of weights whose sum is whole', () => {
    const halves = [200, 404].map((status) => makeRecord({ status, weight: 0.5 }));
    expect(copyOf(tallyOf(halves)).toFigures()).to.include({ hits: 1, clientErrors: 0.5 });
  });

  it('tells errors of clients and of servers apart by the status', () => {
    for (const [status, clientErrors, serverErrors] of [
      [null, 0, 0],
      [399, 0, 0],
      [400, 1, 0],
      [499, 1, 0],
      [500, 0, 1],
      [599, 0, 1],
      [600, 0, 0],
    ] as const) {
      const figures = tallyOf([makeRecord({ status })]).toFigures();
      expect(figures, String(status)).to.include({ hits: 1, clientErrors, serverErrors });
    }
  });

  it('has no bytes of bodies whose length is not known', () => {
    const figures = tallyOf([makeRecord({ requestBytes: null, responseBytes: null })]).toFigures();
    expect(figures).to.include({ requestBytes: 0, responseBytes: 0 });
  });

  it('weighs the mean, and the percentiles', () => {
    const records = [makeRecord({ durationMs: 10, weight: 9 }), makeRecord({ durationMs: 1000, weight: 1 })];
    const { mean, p50, p95 } = tallyOf(records).toFigures().durationMs;
    expect(mean).to.equal(109);
    expect(p50).to.be.closeTo(10, 0.2);
    expect(p95).to.be.closeTo(1000, 20);
  });

  it('has the first and the last date, in whatever order they come', () => {
    const dates = ['2026-01-02', '2026-01-01', '2026-01-03'].map((text) => new Date(text));
    const { firstDate, lastDate } = tallyOf(dates.map((date) => makeRecord({ date }))).toFigures();
    expect([firstDate, lastDate]).to.deep.equal([dates[1], dates[2]]);
  });
});
