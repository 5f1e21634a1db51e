import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ReadableUsageStorage } from '../../src/storage/usage-storage.js';
import { describeOnOwn } from '../support/describe-on.js';
import { type EndPoint, startEndPoint } from '../support/end-point.js';
import { DAY, answerPlace, applications, marksOf, visitAll } from '../support/leaks/applications.js';
import { type FileText, joined, readFolder } from '../support/leaks/files.js';
import { NEEDLES, SHORT_NEEDLES, found, needlesOfSalt } from '../support/leaks/search.js';
import { SHOWN, ipv4, ipv6 } from '../support/leaks/secrets.js';
import { connectMongo } from '../support/mongo.js';
import { connectMySql } from '../support/mysql.js';
import { leavePending } from '../support/pending.js';
import { connectPostgres, postgresClient } from '../support/postgresql.js';
import type { EngineName, FreshDatabase, OwnServer } from '../support/servers.js';

const COMPRESSED = 'MongoDB itself compresses its files';

/** A database that records are written to. */
interface Subject {
  readonly engine: EngineName;
  connect(database: FreshDatabase): Promise<ReadableUsageStorage>;
  /** Which files hold the table of salts, or the log of what was written to it. */
  saltFiles(database: FreshDatabase): Promise<RegExp>;
}

const SUBJECTS: readonly Subject[] = [
  {
    engine: 'postgresql',
    connect: (database) => connectPostgres(database),
    async saltFiles(database) {
      const client = await postgresClient(database);
      const { rows } = await client.query<{ path: string }>(
        "select pg_relation_filepath(oid) as path from pg_class where relname like 'koa_usage_salt%'",
      );
      await client.end();
      return new RegExp(`/pg_wal/|/(?:${rows.map(({ path }) => path).join('|')})$`);
    },
  },
  {
    engine: 'mariadb',
    connect: ({ url }) => connectMySql(url),
    // The logs to redo and to undo, and where pages are written twice.
    saltFiles: async () => /\/(?:koa_usage_salt\.ibd|ib_logfile\d+|undo\d+|ibdata1|#ib_.*)$/,
  },
  {
    engine: 'mongodb',
    connect: (database) => connectMongo(database),
    // All collections of a database are in one file.
    saltFiles: async ({ name }) => new RegExp(`/${name}\\.sqlite[^/]*$`),
  },
];

describe('What a policy takes out', () => {
  for (const subject of SUBJECTS) {
    describeOnOwn(subject.engine, function (server: () => OwnServer) {
      const expected: string[] = [];
      let endPoint: EndPoint;
      let rows: string;
      let salt: string;
      let files: readonly FileText[];
      let saltFiles: RegExp;

      before(async function () {
        this.timeout(60_000);
        endPoint = await startEndPoint(answerPlace);
        const startedMs = Date.now();
        const database = await server().freshDatabase();
        for (const application of applications(endPoint.origin)) {
          const storage = await subject.connect(database);
          const logger = { warn() {}, error() {} };
          const served = await visitAll(application, { storage, logger, metrics: false });
          expected.push(...marksOf(application));
          await served.close();
        }
        const storage = await subject.connect(database);
        rows = JSON.stringify(await storage.reader.getUsage());
        const kept = await storage.salts?.claim(DAY, 'ab'.repeat(32), new AbortController().signal);
        salt = kept ?? '';
        await storage.close?.();
        saltFiles = await subject.saltFiles(database);
        // It writes all that it has in memory.
        await server().stop();
        const data = await readFolder(join(server().folder, 'data'), startedMs - 1000);
        const log = join(server().folder, 'log');
        files = [...data, { path: log, text: await readFile(log, 'latin1') }];
      });

      after(() => endPoint.close());

      it('is in no record, and what is kept is', () => {
        expect(expected.filter((name) => !rows.includes(name))).to.deep.equal([]);
        expect(found(rows, [...NEEDLES, ...SHORT_NEEDLES, ...needlesOfSalt(salt)])).to.deep.equal([]);
      });

      it('is in no byte of the server’s files, and what is kept is', function () {
        if (server().description.startsWith('MongoDB')) leavePending(this, COMPRESSED);
        const text = joined(files);
        expect(expected.filter((name) => !text.includes(name))).to.deep.equal([]);
        for (const kept of ['185.199.211.0', '2a03:2880:f1ab::', ipv4(SHOWN), ipv6(SHOWN)])
          expect(text).to.include(kept);
        expect(found(text, NEEDLES)).to.deep.equal([]);
      });

      it('is the salt everywhere but where salts are kept', function () {
        if (server().description.startsWith('MongoDB')) leavePending(this, COMPRESSED);
        expect(salt)
          .to.match(/^[\da-f]{64}$/)
          .and.not.equal('ab'.repeat(32));
        const holding = files.filter(({ text }) => found(text, needlesOfSalt(salt)).length > 0);
        expect(holding).to.not.have.lengthOf(0);
        expect(holding.map(({ path }) => path).filter((path) => !saltFiles.test(path))).to.deep.equal([]);
      });
    });
  }
});
