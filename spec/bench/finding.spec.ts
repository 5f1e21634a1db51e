import { expect } from 'chai';
import { judge } from '../../bench/harness/finding.js';
import { exactly } from '../../bench/harness/statistics.js';

describe('A finding of a benchmark', () => {
  const isMet = (value: number, gate: number, goal: number): boolean =>
    judge('P0', 'figure', exactly(value), exactly(1), { gate, goal }).ok;

  it('meets a gate that it does not exceed, where less is better', () => {
    expect(isMet(1.12, 1.12, 1.05)).to.equal(true);
    expect(isMet(1.13, 1.12, 1.05)).to.equal(false);
  });

  it('meets a gate that it reaches, where more is better', () => {
    expect(isMet(0.8, 0.8, 0.9)).to.equal(true);
    expect(isMet(0.79, 0.8, 0.9)).to.equal(false);
  });

  it('never meets a gate without a number', () => {
    expect(isMet(NaN, 1.12, 1.05)).to.equal(false);
    expect(isMet(NaN, 0.8, 0.9)).to.equal(false);
  });

  it('has nothing to meet where there is no gate', () => {
    expect(judge('P0', 'figure', exactly(3), exactly(1), null)).to.include({
      gate: null,
      goal: null,
      ok: true,
    });
  });
});
