import { expect } from 'chai';
import { endpointsReport } from '../../../src/report/endpoints.js';
import { csvPieces, renderCsv } from '../../../src/report/rendering/csv.js';
import { jsonPieces, renderJson } from '../../../src/report/rendering/json.js';
import type { EndpointRow, EndpointsReport } from '../../../src/report/report.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { RECORDS, REGISTER } from '../../support/report-world.js';
import { sourceOf } from '../../support/reports.js';
import { countTurns } from '../../support/turns.js';

describe('Reports for programs', () => {
  let endpoints: EndpointsReport;

  before(async () => {
    const storage = new MemoryStorage();
    await storage.store(RECORDS);
    endpoints = await endpointsReport(sourceOf(storage, REGISTER));
  });

  it('lay JSON out as JSON.stringify does', async () => {
    const plain = { ...endpoints, endpoints: endpoints.endpoints.slice(0, 3) };
    for (const report of [plain, { ...plain, endpoints: [] }])
      expect(await renderJson(report)).to.equal(`${JSON.stringify(report, null, 2)}\n`);
  });

  it('leave the event loop to others in between, where programs read all rows', async () => {
    const rows = Array.from({ length: 10_000 }, () => endpoints.endpoints[0] as EndpointRow);
    for (const render of [renderJson, renderCsv]) {
      const turns = await countTurns(() => render({ ...endpoints, endpoints: rows }));
      expect(turns).to.be.above(3);
    }
  });

  it('come in pieces, each of a small part of the rows', async () => {
    const rows = Array.from({ length: 10_000 }, () => endpoints.endpoints[0] as EndpointRow);
    const large = { ...endpoints, endpoints: rows };
    for (const [inPieces, render] of [
      [jsonPieces, renderJson],
      [csvPieces, renderCsv],
    ] as const) {
      const pieces: string[] = [];
      for await (const piece of inPieces(large)) pieces.push(piece);
      const whole = await render(large);
      expect(pieces.join('') === whole).to.equal(true);
      expect(Math.max(...pieces.map(({ length }) => length))).to.be.below(whole.length / 4);
    }
  });
});
