import { expect } from 'chai';
import type { Context, Middleware } from 'koa';
import { readMatchedRoute } from '../../../src/capture/attribution/matched-route.js';

const MARK: Middleware = (_context, next) => next();

describe('readMatchedRoute', () => {
  it('knows no route outside of any router', () => {
    expect(readMatchedRoute({} as Context, MARK)).to.deep.equal({ template: null, params: undefined });
  });

  it('survives a router that leaves something else on the context', () => {
    for (const matched of [[null], [{}], [{ path: '/x', stack: [MARK] }], 'text', 5]) {
      const context = { routerPath: '/x', matched, params: {} } as unknown as Context;
      expect(readMatchedRoute(context, MARK)).to.have.property('template');
    }
  });
});
