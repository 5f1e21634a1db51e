import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { DropReason } from '../../src/pipeline/telling/accounting.js';
import { withRandom } from '../support/lanes.js';
import {
  PipelineModel,
  type PipelineShape,
  type PipelineStep,
  pipelineHistories,
  pipelineShapes,
} from '../support/pipeline-model.js';
import { Seeded } from '../support/seeded.js';
import { type TemporaryFolder, temporaryFolder } from '../support/sqlite.js';

const ROOMY_BYTES = 10_000_000;

describe('The accounts of a Pipeline', function accounts() {
  this.timeout(30_000);
  let folder: TemporaryFolder;

  before(async () => {
    folder = await temporaryFolder();
  });

  after(() => folder.remove());

  /** Has something happen to pipelines of all sorts; what is left to chance comes again with fast-check's seed. */
  async function always(
    runs: number,
    live: (shape: PipelineShape, history: readonly PipelineStep[]) => Promise<void>,
  ): Promise<void> {
    const property = fc.asyncProperty(pipelineShapes, pipelineHistories, fc.nat(), (shape, history, seed) => {
      const chance = new Seeded(seed);
      return withRandom(
        () => chance.integer(0, 2 ** 31 - 1) / 2 ** 31,
        () => live(shape, history),
      );
    });
    await fc.assert(property, { numRuns: runs });
  }

  it('always add up, and tell of every record once, without a spool', async () => {
    await always(400, async (shape, history) => {
      const model = new PipelineModel(shape, null);
      await model.liveThrough(history);
      await model.end();
    });
  });

  for (const mode of ['overflow', 'wal'] as const) {
    it(`always add up, and tell of every record once, with a spool, which loses nothing for the next process (${mode})`, async () => {
      let run = 0;
      await always(70, async (shape, history) => {
        const dir = join(folder.path, `${mode}-${(run += 1)}`);
        const spool = { dir, mode, maxBytes: shape.spoolBytes, fsync: 'never' } as const;
        const model = new PipelineModel(shape, spool);
        await model.liveThrough(history);
        await model.end();
        const isRoomy = shape.spoolBytes === ROOMY_BYTES && shape.queueBytes > 100_000;
        const harmless = new Set<DropReason>(['refused', 'late', 'expired']);
        if (isRoomy) expect([...model.reasons].filter((reason) => !harmless.has(reason))).to.deep.equal([]);
        await model.inherit();
      });
    });
  }
});
