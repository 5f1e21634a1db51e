import { expect } from 'chai';
import type { LaneObserver } from '../../../src/pipeline/telling/lane-observer.js';
import { makeLane } from '../../support/lanes.js';

describe('Delivery', () => {
  it("drops the record that batches are refused for with the storage's own error", async () => {
    const drops: Parameters<LaneObserver['dropped']>[] = [];
    const observer = {
      dropped: (...drop: (typeof drops)[number]) => void drops.push(drop),
      failed() {},
      spoolFailed() {},
      flushed() {},
      recovered() {},
    };
    const { storage, lane, accept } = makeLane({}, observer);
    const record = accept(10)[6];
    storage.poison.add(String(record?.id));
    await lane.flush();
    expect(drops).to.deep.equal([['faulty', 'refused', 1, [record], storage.refusal]]);
    expect(drops[0]?.[4]).to.equal(storage.refusal);
  });
});
