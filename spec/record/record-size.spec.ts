import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { fieldsOf } from '../../src/record/fields.js';
import { estimateRecordBytes } from '../../src/record/record-size.js';
import { sealUserAgent } from '../../src/record/seal.js';
import type { UsageRecordDraft, UserAgent } from '../../src/record/usage-record.js';
import { anyText } from '../support/any-text.js';
import type { HeavyData } from '../support/children/heavy-data.js';
import { makeRecord } from '../support/records.js';
import { run } from '../support/run.js';

const HEAVY_DATA = fileURLToPath(new URL('../support/children/heavy-data.js', import.meta.url));

const WITHOUT_JSON = Object.fromEntries(fieldsOf('json').map((name) => [name, null]));

function userAgentOf(string: string | null): UserAgent {
  return sealUserAgent({ browser: null, version: null, platform: null, language: null, string });
}

describe('estimateRecordBytes', () => {
  it('counts every character of the texts that clients write', () => {
    const before = estimateRecordBytes(makeRecord({ url: '', path: '', username: '' }));
    const after = estimateRecordBytes(
      makeRecord({ url: 'u'.repeat(4000), path: 'p'.repeat(2000), username: 'n'.repeat(200) }),
    );
    expect(after - before).to.equal(6200);
  });

  it('counts the text of the user agent', () => {
    const before = estimateRecordBytes(makeRecord({ userAgent: userAgentOf(null) }));
    const after = estimateRecordBytes(makeRecord({ userAgent: userAgentOf('x'.repeat(1000)) }));
    expect(after - before).to.equal(1000);
  });

  it('counts the names and texts of every JSON value', () => {
    const value = { name: 'x'.repeat(500), list: ['y'.repeat(500), 1, null, true] };
    const before = estimateRecordBytes(makeRecord(WITHOUT_JSON));
    for (const name of fieldsOf('json')) {
      const after = estimateRecordBytes(makeRecord({ ...WITHOUT_JSON, [name]: value }));
      expect(after - before, name).to.be.within(1008, 1500);
    }
  });

  it('counts the addresses that proxies forwarded', () => {
    const [before, after] = [null, '10.0.0.1, '.repeat(50)].map((xForwardedFor) =>
      estimateRecordBytes(makeRecord({ xForwardedFor })),
    );
    expect((after ?? 0) - (before ?? 0)).to.equal(500);
  });

  it('counts two bytes a character where one of them is beyond Latin-1, in names too', () => {
    for (const make of [
      (text: string) => ({ username: text }),
      (text: string) => ({ trackVar: { text } }),
      (text: string) => ({ params: { [text]: 1 } }),
    ]) {
      const [narrow = 0, wide = 0] = ['é'.repeat(100), `${'e'.repeat(99)}Ж`].map((text) =>
        estimateRecordBytes(makeRecord(make(text))),
      );
      expect(wide - narrow).to.equal(100);
    }
  });

  it('follows what data of the application takes in memory, lists and what is nested included', async function () {
    this.timeout(120_000);
    const { stdout, stderr } = await run(process.execPath, ['--expose-gc', HEAVY_DATA]);
    const measured = Object.entries((stdout === '' ? {} : JSON.parse(stdout)) as HeavyData);
    expect(measured, stderr).to.have.length.above(0);
    for (const [name, { taken, estimated }] of measured)
      expect(estimated, name).to.be.greaterThan(taken * 0.8);
  });

  it('takes a record without any text for some hundred bytes', () => {
    const fields: Partial<UsageRecordDraft> = { ...WITHOUT_JSON, url: '', path: '', username: null };
    expect(estimateRecordBytes(makeRecord(fields))).to.be.within(300, 1000);
  });

  it('is always a whole number', () => {
    fc.assert(
      fc.property(anyText(), fc.dictionary(fc.string(), fc.double()), (url, params) => {
        expect(estimateRecordBytes(makeRecord({ url, params }))).to.satisfy(Number.isSafeInteger);
      }),
    );
  });
});
