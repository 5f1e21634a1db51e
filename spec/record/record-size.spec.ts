import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { fieldsOf } from '../../src/record/fields.js';
import { estimateRecordBytes } from '../../src/record/record-size.js';
import { sealUserAgent } from '../../src/record/seal.js';
import type { JsonObject, UsageRecord, UsageRecordDraft, UserAgent } from '../../src/record/usage-record.js';
import { anyText } from '../support/any-text.js';
import { makeRecord } from '../support/records.js';

const WITHOUT_JSON = Object.fromEntries(fieldsOf('json').map((name) => [name, null]));

/** Data of the application's own, in the shapes that take the most memory for what they say. */
const HEAVY: Record<string, (index: number) => JsonObject> = {
  lists: () => ({ list: Array.from({ length: 30 }, (_, at) => [[at]]) }),
  objects: () => ({ list: Array.from({ length: 40 }, (_, at) => ({ at, is: true })) }),
  both: () =>
    Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`k${at}`, { at, of: [at, at + 0.5] }])),
  wide: (index) => ({ note: Buffer.from(`${'Ж'.repeat(900)}${index}`).toString() }),
};

function userAgentOf(string: string | null): UserAgent {
  return sealUserAgent({ browser: null, version: null, platform: null, language: null, string });
}

/** The bytes of the heap that data of the application's own takes in a record. */
function measure(data: (index: number) => JsonObject, collect: () => void): number {
  const kept = Array.from<UsageRecord>({ length: 1000 });
  for (const index of kept.keys()) kept[index] = makeRecord({ trackVar: data(index) });
  collect();
  const before = process.memoryUsage().heapUsed;
  for (const index of kept.keys()) kept[index] = makeRecord({ trackVar: null });
  collect();
  return (before - process.memoryUsage().heapUsed) / kept.length;
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
    // The garbage of millions of objects is collected again and again.
    this.timeout(120_000);
    // The collector is this process's own, for it alone.
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (const [name, data] of Object.entries(HEAVY)) {
      // The least of a few measurements: what else the process gives back in the meantime only adds to one.
      const perRecord = Math.min(...Array.from({ length: 5 }, () => measure(data, collect)));
      const [withData, without] = [data(1), null].map((trackVar) =>
        estimateRecordBytes(makeRecord({ trackVar })),
      );
      expect((withData ?? 0) - (without ?? 0), name).to.be.greaterThan(perRecord * 0.8);
    }
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
