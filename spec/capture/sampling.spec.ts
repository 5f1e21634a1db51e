import { inspect } from 'node:util';
import { expect } from 'chai';
import type { Context } from 'koa';
import { drawWeight } from '../../src/capture/sampling.js';

const CONTEXT = {} as Context;

describe('drawWeight', () => {
  it('gives weights whose sum is the number of requests, within the binomial bound', () => {
    const requests = 100_000;
    const rate = 0.1;
    let sum = 0;
    for (let request = 0; request < requests; request += 1) sum += drawWeight(rate, CONTEXT, Math.random());
    // Six standard deviations of a binomial count, each of weight 10: once in half a billion runs.
    const bound = (6 * Math.sqrt(requests * rate * (1 - rate))) / rate;
    expect(sum).to.be.within(requests - bound, requests + bound);
  });

  for (const random of [0, 0.5, 1 - Number.EPSILON]) {
    it(`is exact for the rates 0 and 1 where ${random} is drawn`, () => {
      expect(drawWeight(0, CONTEXT, random)).to.equal(0);
      expect(drawWeight(1, CONTEXT, random)).to.equal(1);
    });
  }

  it('asks a function, with the context', () => {
    const contexts: unknown[] = [];
    const rate = (context: Context): number => {
      contexts.push(context);
      return 0.25;
    };
    expect(drawWeight(rate, CONTEXT, 0.2)).to.equal(4);
    expect(drawWeight(rate, CONTEXT, 0.25)).to.equal(0);
    expect(contexts).to.deep.equal([CONTEXT, CONTEXT]);
  });

  for (const answer of [-0.1, 1.1, Number.NaN, '0.5', undefined, Promise.reject(new Error('late'))]) {
    it(`refuses the answer ${inspect(answer)}`, () => {
      expect(() => drawWeight(() => answer as number, CONTEXT, 0)).to.throw(TypeError, /it returned/);
    });
  }
});
