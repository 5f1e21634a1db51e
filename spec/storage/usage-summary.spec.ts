import { expect } from 'chai';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { defineSummary } from '../../src/summary/dimensions.js';
import { summarizeUsage } from '../../src/summary/answer.js';
import { makeRecord } from '../support/records.js';
import { caught } from '../support/caught.js';

describe('Answers of getSummary', () => {
  it('have the fields of their dimension, for the compiler too', async () => {
    const storage = new MemoryStorage();
    await storage.store([makeRecord({ username: 'ada', route: '/x', status: 404 })]);
    const byEndpoint = await storage.getSummary({ by: 'endpoint', route: '/x' });
    const route: string | null | undefined = byEndpoint.rows[0]?.route;
    const byStatus = await storage.getSummary({ by: 'status', period: 'day' });
    const status: number | null | undefined = byStatus.rows[0]?.status;
    // @ts-expect-error -- a row by endpoint has no user name
    const missing: unknown = byEndpoint.rows[0]?.username;
    expect([route, status, missing]).to.deep.equal(['/x', 404, undefined]);
    // @ts-expect-error -- a caller has no route to filter by
    const error = await caught(storage.getSummary({ by: 'caller', route: '/x' }));
    expect(error).to.include({ code: 'INVALID_QUERY' });
  });

  it('have the keys of dimensions of the application under their names', async () => {
    const tenant = defineSummary({
      name: 'tenantOfSpec',
      key: ({ trackVar }) => trackVar?.['tenant'] as string,
    });
    const storage = new MemoryStorage();
    await storage.store([makeRecord({ trackVar: { tenant: 'acme' } }), makeRecord()]);
    const { rows } = await storage.getSummary({ by: tenant.name });
    expect(rows.map((row) => [row['tenantOfSpec'], row.hits])).to.deep.equal([['acme', 1]]);
  });

  it('are given of any reader, by the calendar of a time zone', async () => {
    const storage = new MemoryStorage();
    await storage.store([makeRecord({ date: new Date('2026-03-01T23:30:00Z') })]);
    const { rows, timeZone } = await summarizeUsage(
      storage,
      { by: 'server', period: 'day' },
      'Europe/Berlin',
    );
    expect([rows[0]?.start, timeZone]).to.deep.equal([new Date('2026-03-01T23:00:00Z'), 'Europe/Berlin']);
    const error = await caught(summarizeUsage(storage, { by: 'server' }, 'Mars/Olympus'));
    expect(error.message).to.include("'Mars/Olympus'").and.include('time zone');
  });

  it('tell of what is beyond the limit', async () => {
    const storage = new MemoryStorage();
    await storage.store(['/a', '/b', '/b'].map((route) => makeRecord({ route })));
    const { rows, isMore } = await storage.getSummary({ by: 'endpoint', limit: 1 });
    expect([rows.map(({ route, hits }) => [route, hits]), isMore]).to.deep.equal([[['/b', 2]], true]);
  });
});
