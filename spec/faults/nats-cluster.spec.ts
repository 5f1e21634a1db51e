import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { SqlStorage } from '../../src/backends/sql/index.js';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import type { UsageWorker } from '../../src/worker/index.js';
import { expectBalanced } from '../support/accounts.js';
import { describeOn } from '../support/describe-on.js';
import { itAtOnce } from '../support/it-at-once.js';
import { SpecStream } from '../support/jetstream.js';
import { NatsCluster } from '../support/nats-cluster.js';
import { makeRecords } from '../support/records.js';
import type { OwnServer } from '../support/servers.js';
import { temporaryFolder } from '../support/sqlite.js';
import { until } from '../support/until.js';

const RECORDS = 4000;
const MIDDLE = RECORDS / 2;

/** What is not acknowledged is delivered again soon, and servers that are silent are left, as specs do not wait for long. */
const ACK_WAIT_MS = 1000;
const IMPATIENT = { pingInterval: 300, reconnectTimeWait: 100 };

/** A way of records through three servers, and into a table. */
interface Way {
  readonly cluster: NatsCluster;
  readonly stream: SpecStream;
  readonly publisher: Pipeline;
  readonly database: SqlStorage;
}

/** Makes a way for a spec alone, and leaves nothing behind. */
async function onWay(walk: (way: Way) => Promise<void>): Promise<void> {
  const [cluster, folder] = await Promise.all([NatsCluster.start(), temporaryFolder()]);
  const stream = new SpecStream(cluster.urls);
  try {
    const storage = await stream.connect({ replicas: 3, clientOptions: IMPATIENT });
    await stream.addConsumer(ACK_WAIT_MS);
    const settings = resolveTrackerOptions({
      serverName: 'spec',
      logger: stream.logger,
      batch: { maxRecords: 100, maxDelayMs: 10 },
      retry: { minDelayMs: 100, maxDelayMs: 500 },
    });
    const database = await SqlStorage.connect({ driver: SqliteDriver, dbName: folder.file('usage.db') });
    const publisher = new Pipeline(settings, () => [storage]);
    await walk({ cluster, stream, publisher, database });
  } finally {
    await stream.end();
    await Promise.all([cluster.dispose(), folder.remove()]);
  }
}

/** Whether the stream says that it holds nothing; it may not answer while it has no leader. */
async function isEmpty(stream: SpecStream): Promise<boolean> {
  return (await stream.length().catch(() => null)) === 0;
}

/** Publishes while something happens to the servers, and checks that all is stored, and counted on both sides. */
async function publishWhile(
  { cluster, stream, publisher, database }: Way,
  happens: (leader: OwnServer) => Promise<void>,
): Promise<void> {
  const leader = await cluster.leaderOf(stream.name);
  const worker = await stream.work(database, {}, { clientOptions: IMPATIENT });
  const records = makeRecords(RECORDS);
  for (const record of records.slice(0, MIDDLE)) publisher.accept(record);
  await until(() => worker.stats().stored > 0, 'the first records are stored');
  const happening = happens(leader);
  for (const record of records.slice(MIDDLE)) publisher.accept(record);
  await happening;
  await until(() => publisher.stats().stored === RECORDS, 'all records are published');
  await until(async () => (await database.reader.countUsage()) === RECORDS, 'all are in the table');
  await until(() => isEmpty(stream), 'all messages are acknowledged');
  expectBooks(publisher, worker);
}

/** What a message that was delivered twice held is in the worker's books twice, and in the table once. */
function expectBooks(publisher: Pipeline, worker: UsageWorker): void {
  const [published, stored] = [publisher.stats(), worker.stats()];
  for (const stats of [published, stored]) expectBalanced(stats);
  expect(published).to.include({ accepted: RECORDS, stored: RECORDS });
  expect(stored.stored).to.equal(stored.accepted);
  expect(stored.accepted).to.be.at.least(RECORDS);
}

describe('Records on their way through three servers of NATS', function () {
  this.timeout(60_000);

  describeOn('nats', () => {
    itAtOnce({
      'are each in the table once though the leader of the stream is killed': () =>
        onWay((way) => publishWhile(way, (leader) => leader.kill())),

      'are each in the table once though the leader of the stream is frozen': () =>
        onWay((way) => publishWhile(way, async (leader) => leader.freeze())),

      'wait while two of the servers are gone, and are each in the table once when one is back': () =>
        onWay(async (way) => {
          const { cluster, publisher } = way;
          await publishWhile(way, async (leader) => {
            const others = cluster.nodes.filter((node) => node !== leader);
            await Promise.all(others.map((node) => node.kill()));
            await until(() => publisher.stats().retries > 0, 'publishing has failed');
            expect(publisher.health()).to.equal('degraded');
            expectBalanced(publisher.stats());
            expect(publisher.stats().dropped['queue-full']).to.equal(0);
            await others[0]?.start();
          });
        }),
    });
  });
});
