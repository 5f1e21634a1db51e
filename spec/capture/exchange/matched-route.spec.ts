import { expect } from 'chai';
import type { Context } from 'koa';
import {
  foreignNames,
  matchedRoutes,
  otherRoutes,
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
      expect(otherRoutes(context, '/x', null, {})).to.deep.equal([]);
      expect(foreignNames(context, { id: 1 })).to.deep.equal([]);
      expect(() => matchedRoutes(context)).to.not.throw();
    }
  });
});
