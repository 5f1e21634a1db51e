import { expect } from 'chai';
import type { Context } from 'koa';
import {
  ownParams,
  possibleRoutes,
  readLastRoute,
  readMarkedRoute,
} from '../../../src/capture/exchange/matched-route.js';

describe('The route that a request went to', () => {
  it('is none outside of any router', () => {
    expect(readMarkedRoute({} as Context)).to.equal(null);
    expect(readLastRoute({} as Context, '/x')).to.equal(null);
  });

  it('is none where a router leaves something else on the context', () => {
    for (const matched of [[null], [{}], [{ path: '/x' }], 'text', 5]) {
      const context = { routerPath: '/x', matched, params: {}, method: 'GET' } as unknown as Context;
      expect(readMarkedRoute(context)).to.equal(null);
      expect(readLastRoute(context, '/x')).to.equal(null);
      expect(ownParams(context, context['params'] as object)).to.deep.equal({});
      for (const answered of [null, { path: '/x', template: null, params: {} }]) {
        expect(() => possibleRoutes(context, answered)).to.not.throw();
      }
    }
  });
});
