import { expect } from 'chai';
import { TurnBudget } from '../../src/time/turn-budget.js';

describe('time/turn-budget', () => {
  const spentAfter = (budget: TurnBudget, steps: number): boolean[] =>
    Array.from({ length: steps }, () => budget.isSpentAfterStep());

  it('is spent when the turn has taken too long, as far as the clock was looked at', () => {
    const budget = new TurnBudget(3, -1);
    expect(spentAfter(budget, 7)).to.deep.equal([false, false, true, false, false, true, false]);
  });

  it('is not spent while there is time', () => {
    expect(spentAfter(new TurnBudget(1, 3_600_000), 5)).to.not.include(true);
  });
});
