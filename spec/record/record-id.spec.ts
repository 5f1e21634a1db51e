import { expect } from 'chai';
import * as fc from 'fast-check';
import { RecordIds, firstIdAt, momentOfId } from '../../src/record/record-id.js';

const UUID_V7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const NOW_MS = Date.UTC(2026, 2, 1, 12);

function timeOf(id: string): number {
  return Number.parseInt(id.replace('-', '').slice(0, 12), 16);
}

function isGrowing(ids: readonly string[]): boolean {
  return ids.every((id, index) => index === 0 || (ids[index - 1] ?? '') < id);
}

describe('RecordIds', () => {
  it('makes UUIDs of version 7 that begin with the time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (nowMs) => {
        const id = new RecordIds().next(nowMs);
        expect(id).to.match(UUID_V7);
        expect(timeOf(id)).to.equal(nowMs);
      }),
    );
  });

  it('makes ids that grow within one millisecond', () => {
    const ids = new RecordIds();
    const made = Array.from({ length: 10_000 }, () => ids.next(NOW_MS));
    expect(isGrowing(made)).to.equal(true);
    expect(timeOf(made.at(-1) ?? '')).to.be.closeTo(NOW_MS, 10);
  });

  it('makes ids that grow while the clock goes forth, and back by no more than ten seconds', () => {
    const steps = fc.array(fc.integer({ min: -100, max: 1000 }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(steps, (byMs) => {
        const ids = new RecordIds();
        let nowMs = NOW_MS;
        expect(isGrowing(byMs.map((step) => ids.next((nowMs += step))))).to.equal(true);
      }),
    );
  });

  it('follows a clock that is set back further', () => {
    const ids = new RecordIds();
    ids.next(NOW_MS);
    expect(timeOf(ids.next(NOW_MS - 60_000))).to.equal(NOW_MS - 60_000);
  });

  it('takes a time between two milliseconds for the earlier one', () => {
    const ids = new RecordIds();
    expect(timeOf(ids.next(NOW_MS + 0.75))).to.equal(NOW_MS);
  });

  it('makes ids that are behind the first one of their moment, and before that of any later one', () => {
    const anyMoment = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(anyMoment, anyMoment, (nowMs, otherMs) => {
        const id = new RecordIds().next(nowMs);
        expect(id >= firstIdAt(otherMs)).to.equal(nowMs >= otherMs);
        expect([momentOfId(id), momentOfId(firstIdAt(nowMs))]).to.deep.equal([nowMs, nowMs]);
      }),
    );
  });

  it('tells no moment of ids that hold none, and bounds moments by those of ids', () => {
    for (const id of ['', 'x', '0f4c1f2e-6f0b-4d38-9c0a-7f1d2c3b4a59']) expect(momentOfId(id)).to.equal(null);
    expect(firstIdAt(-1)).to.equal(firstIdAt(0));
    expect(momentOfId(firstIdAt(8.64e15))).to.equal(2 ** 48 - 1);
  });
});
