import { expect } from 'chai';
import { type Decision, type DefaultPolicy, isTracked } from '../../src/metadata/policy.js';

type Case = [
  methodDecision: Decision | null,
  controllerDecision: Decision | null,
  defaultPolicy: DefaultPolicy,
  trackUnmatched: boolean,
  tracked: boolean,
];

/** Method over class over default policy, for every combination. */
const MATCHED: Case[] = [
  [null, null, 'exclude', false, false],
  [null, null, 'include', false, true],
  [null, null, 'include', true, true],
  [null, 'tracked', 'exclude', false, true],
  [null, 'tracked', 'include', false, true],
  [null, 'untracked', 'exclude', false, false],
  [null, 'untracked', 'include', false, false],
  [null, 'untracked', 'include', true, false],
  ['tracked', null, 'exclude', false, true],
  ['tracked', null, 'include', false, true],
  ['tracked', 'tracked', 'exclude', false, true],
  ['tracked', 'untracked', 'exclude', false, true],
  ['tracked', 'untracked', 'include', false, true],
  ['untracked', null, 'exclude', false, false],
  ['untracked', null, 'include', false, false],
  ['untracked', 'tracked', 'exclude', false, false],
  ['untracked', 'tracked', 'include', true, false],
  ['untracked', 'untracked', 'include', true, false],
];

describe('isTracked', () => {
  for (const [method, controller, defaultPolicy, trackUnmatched, expected] of MATCHED) {
    const what = `method ${method ?? '-'}, class ${controller ?? '-'}, default ${defaultPolicy}`;
    it(`${what}, trackUnmatched ${trackUnmatched}: ${expected ? 'tracked' : 'not tracked'}`, () => {
      expect(
        isTracked(
          { methodDecision: method, controllerDecision: controller },
          { defaultPolicy, trackUnmatched },
        ),
      ).to.equal(expected);
    });
  }

  for (const defaultPolicy of ['exclude', 'include'] as const) {
    for (const trackUnmatched of [false, true]) {
      const expected = defaultPolicy === 'include' && trackUnmatched;
      it(`unmatched, default ${defaultPolicy}, trackUnmatched ${trackUnmatched}: ${expected}`, () => {
        expect(isTracked(null, { defaultPolicy, trackUnmatched })).to.equal(expected);
      });
    }
  }
});
