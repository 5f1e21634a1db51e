import { expect } from 'chai';
import { oddValues } from '../../support/odd-values.js';
import { laneTo } from '../../support/pipelines.js';
import { makeRecord } from '../../support/records.js';

describe('a storage that rejects with what is no error', () => {
  for (const [title, reason, message] of [
    ['nothing', undefined, 'thrown: undefined'],
    ['text', 'no', "thrown: 'no'"],
    ['what lets nobody look at it', oddValues().at(-1), 'an error that cannot be shown'],
    ['an object that cannot become text', Object.create(null), 'thrown: [Object: null prototype] {}'],
  ] as const) {
    it(`${title}: keeps its records, and is asked again`, async () => {
      let isBroken = true;
      const { pipeline, clock } = laneTo({
        name: 'odd',
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors
        store: async (batch) => (isBroken ? Promise.reject(reason) : { stored: batch.length, refused: [] }),
      });
      pipeline.accept(makeRecord());
      await pipeline.flush();
      expect(pipeline.stats()).to.include({ queued: 1, inFlight: 0 });
      expect(pipeline.stats().storages[0]?.lastError?.message).to.equal(message);
      isBroken = false;
      await clock.advance(1000);
      expect(pipeline.stats()).to.include({ stored: 1, queued: 0 });
      await pipeline.close(0);
    });
  }
});
