import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Span } from '../../src/summary/periods.js';
import { SpanSet, joined, without } from '../../src/summary/spans.js';

const anySpan: fc.Arbitrary<Span> = fc
  .tuple(fc.integer({ min: -20, max: 40 }), fc.integer({ min: 1, max: 12 }))
  .map(([startMs, length]) => ({ startMs, endMs: startMs + length }));

const anySpans = fc.array(anySpan, { maxLength: 12 });

/** Every moment that one of the spans has. */
function momentsOf(spans: readonly Span[]): Set<number> {
  const moments = new Set<number>();
  for (const { startMs, endMs } of spans) for (let ms = startMs; ms < endMs; ms += 1) moments.add(ms);
  return moments;
}

function expectInOrder(spans: readonly Span[], gapMs: number): void {
  for (const [index, { startMs, endMs }] of spans.entries()) {
    expect(endMs).to.be.above(startMs);
    expect(startMs).to.be.at.least((spans[index - 1]?.endMs ?? -Infinity) + gapMs);
  }
}

describe('joined', () => {
  it('always has the same moments as what it was given, in order and with gaps between', () => {
    fc.assert(
      fc.property(anySpans, (spans) => {
        const result = joined(spans);
        expectInOrder(result, 1);
        expect(momentsOf(result)).to.deep.equal(momentsOf(spans));
      }),
    );
  });

  it('joins spans that touch, and one that lies within another', () => {
    const spans = [
      { startMs: 10, endMs: 20 },
      { startMs: 0, endMs: 10 },
      { startMs: 12, endMs: 15 },
      { startMs: 21, endMs: 22 },
    ];
    expect(joined(spans)).to.deep.equal([
      { startMs: 0, endMs: 20 },
      { startMs: 21, endMs: 22 },
    ]);
    expect(joined([])).to.deep.equal([]);
  });
});

describe('SpanSet', () => {
  it('always tells whether a span has a moment with any of the others in common', () => {
    fc.assert(
      fc.property(anySpans, anySpan, (spans, span) => {
        const moments = momentsOf(spans);
        const expected = [...momentsOf([span])].some((ms) => moments.has(ms));
        expect(new SpanSet(spans).overlaps(span)).to.equal(expected);
      }),
    );
  });

  it('tells spans that touch from spans that overlap', () => {
    const set = new SpanSet([{ startMs: 10, endMs: 20 }]);
    expect(set.overlaps({ startMs: 0, endMs: 10 })).to.equal(false);
    expect(set.overlaps({ startMs: 0, endMs: 11 })).to.equal(true);
    expect(set.overlaps({ startMs: 19, endMs: 30 })).to.equal(true);
    expect(set.overlaps({ startMs: 20, endMs: 30 })).to.equal(false);
  });
});

describe('without', () => {
  it('always leaves the moments that no other span has, in order', () => {
    fc.assert(
      fc.property(anySpan, anySpans, (span, taken) => {
        const rest = without(span, taken);
        expectInOrder(rest, 1);
        const gone = momentsOf(taken);
        const left = [...momentsOf([span])].filter((ms) => !gone.has(ms));
        expect(momentsOf(rest)).to.deep.equal(new Set(left));
      }),
    );
  });

  it('leaves the whole span where nothing is taken, and nothing where all is', () => {
    const span = { startMs: 5, endMs: 9 };
    expect(without(span, [])).to.deep.equal([span]);
    expect(without(span, [{ startMs: 0, endMs: 5 }])).to.deep.equal([span]);
    expect(without(span, [{ startMs: 5, endMs: 9 }])).to.deep.equal([]);
  });
});
