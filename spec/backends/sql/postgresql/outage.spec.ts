import { expect } from 'chai';
import type { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOnOwn } from '../../../support/describe-on.js';
import { connectPostgres } from '../../../support/postgresql.js';
import { makeRecords } from '../../../support/records.js';

const { signal } = new AbortController();

describeOnOwn('postgresql', (server) => {
  describe('SqlStorage while its server', () => {
    let storage: SqlStorage;

    before(async () => {
      storage = await connectPostgres(await server().freshDatabase());
    });

    after(() => storage.close());

    it('is frozen, gives up when the tracker does, and stores when it is back', async () => {
      const records = makeRecords(5);
      await storage.store(records.slice(0, 1), signal);
      server().freeze();
      try {
        for (let attempt = 0; attempt < 2; attempt += 1) {
          const error = await caught(storage.store(records, AbortSignal.timeout(50)));
          expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
        }
      } finally {
        server().thaw();
      }
      expect(await storage.store(records, signal)).to.deep.equal({ stored: 5, refused: [] });
      expect(await storage.reader.getUsage()).to.deep.equal(records.toReversed());
    });

    it('is down, says so at once, and stores when it is back', async () => {
      const records = makeRecords(3, { username: 'later' });
      await server().kill();
      for (let attempt = 0; attempt < 2; attempt += 1) {
        expect(await caught(storage.store(records, signal))).to.include({ code: 'STORAGE_UNAVAILABLE' });
      }
      await server().start();
      expect(await storage.store(records, signal)).to.deep.equal({ stored: 3, refused: [] });
      expect(await storage.reader.getUsage({ username: 'later' })).to.have.length(3);
    });
  });
});
