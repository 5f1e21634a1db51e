import { Router } from '@koa/router';
import { expect } from 'chai';
import { tracked } from '../../../src/index.js';
import { TEXT_LIMITS } from '../../../src/record/limits.js';
import { attributionOf } from '../../../src/capture/exchange/attribution.js';
import { mountable } from '../../support/mountable.js';
import { askRaw } from '../../support/raw-http.js';
import { onlyRecord } from '../../support/serve-handler.js';
import { serve } from '../../support/serve.js';

const LONG = `${'x'.repeat(5000)}\0`;
const SUBJECT = { methodDecision: null, controllerDecision: null, data: {} };

function cut(name: 'serverName' | 'controller' | 'action' | 'route'): string {
  return `${'x'.repeat(TEXT_LIMITS[name] - 1)}…`;
}

describe('What an application calls itself and its actions', () => {
  it('is cut in an attribution, once for all requests', () => {
    expect(attributionOf(SUBJECT, { controllerName: LONG, actionName: LONG, route: LONG })).to.deep.equal({
      ...SUBJECT,
      controllerName: cut('controller'),
      actionName: cut('action'),
      route: cut('route'),
      isRecorded: false,
      ofRoute: null,
    });
  });

  it('loses what no database can hold', () => {
    const named = { controllerName: 'A\0', actionName: '\ud800', route: null };
    expect(attributionOf(SUBJECT, named)).to.include({
      controllerName: 'A\ufffd',
      actionName: '\ufffd',
      route: null,
    });
  });

  it('is cut in the record of a route without a class, and so is the name of the server', async () => {
    const router = new Router();
    const path = `/${'x'.repeat(2000)}`;
    router.get(path, tracked(), (ctx) => void (ctx.body = 'ok'));
    const served = await serve({ between: mountable(router), tracker: { serverName: LONG } });
    expect(await askRaw(served.port, path)).to.match(/^HTTP\/1.1 200 /);
    expect(await onlyRecord(served)).to.include({
      serverName: cut('serverName'),
      route: cut('route').replace('x', '/'),
    });
    await served.close();
  });
});
