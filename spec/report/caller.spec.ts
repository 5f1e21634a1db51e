import { expect } from 'chai';
import { callerReport } from '../../src/report/caller.js';
import { callersReport } from '../../src/report/callers.js';
import { trafficReport } from '../../src/report/traffic.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { makeRecord } from '../support/records.js';
import { daysAgo, registerOf, registered, sourceOf } from '../support/reports.js';

/** A call so many days ago; the span before ends 90 days ago. */
const call = (username: string, route: string, days: number, serverName = 'spec') =>
  makeRecord({ username, route, serverName, method: 'GET', date: daysAgo(days) });

describe('The report of one caller', () => {
  it('knows of the span before as much as those of all callers and of the traffic do', async () => {
    const storage = new MemoryStorage();
    await storage.store([
      call('bob', '/a', 100),
      call('ada', '/a', 1),
      call('ada', '/b', 1),
      call('ada', '/new', 1),
      call('ada', '/of-new', 1, 'young'),
      call('eve', '/a', 100),
      call('eve', '/a', 1),
      call('eve', '/b', 1),
    ]);
    const declared = registered({ route: '/new', firstDeclared: daysAgo(10) });
    const source = sourceOf(storage, registerOf(declared, registered({ route: '/a' })));
    const before = async (username: string): Promise<Record<string, number | null>> => {
      const { endpoints } = await callerReport(source, { username });
      for (const { service, method, route, before: told } of endpoints) {
        const endpoint = { service, method, route };
        const { totalBefore } = await trafficReport(source, { username, endpoint });
        expect(told, route).to.equal(totalBefore?.calls ?? null);
      }
      return Object.fromEntries(endpoints.map(({ route, before: calls }) => [route, calls]));
    };
    expect(await before('ada')).to.deep.equal({ '/a': 0, '/b': 0, '/new': null, '/of-new': null });
    expect(await before('eve')).to.deep.equal({ '/a': 1, '/b': 0 });
    const { callers } = await callersReport(source);
    expect(callers.map(({ username, before: calls }) => [username, calls])).to.deep.equal([
      ['ada', 0],
      ['eve', 1],
    ]);
  });
});
