import { expect } from 'chai';
import type { UsageReader } from '../../src/storage/usage-reader.js';
import { caught } from '../support/caught.js';
import { FaultLane } from '../support/fault-lane.js';
import { leavePending } from '../support/pending.js';
import type { FreshDatabase, OwnServer } from '../support/servers.js';
import { mountSmallDisk } from '../support/small-disk.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import type { Application, FaultEngine, OpenStorage } from './fault-engine.js';

/** What the faults of one suite are done to. */
export interface FaultScene {
  readonly server: OwnServer;
  readonly database: FreshDatabase;
  /** Between the storage and the server. */
  readonly proxy: TcpProxy;
  /** Closes something after the spec. */
  readonly closing: (close: () => Promise<unknown>) => void;
}

const CONNECTIONS = { own: 'on a connection of its own', application: "on the application's connections" };

/** So many connections has the application's pool. */
const POOL = 2;

/** What every storage on a server has to come through, and lose nothing. */
export function describeStorageFaults(engine: FaultEngine, scene: () => FaultScene): void {
  async function open(
    kind: keyof typeof CONNECTIONS,
    url = scene().proxy.through(scene().database.url),
  ): Promise<OpenStorage> {
    const { closing } = scene();
    let opened: OpenStorage;
    if (kind === 'application') {
      opened = await engine.application(url, POOL);
    } else {
      const storage = await engine.connect(url);
      opened = { storage, close: async () => storage.close?.() };
    }
    closing(() => opened.close());
    return opened;
  }

  function lane(opened: OpenStorage, retry: ConstructorParameters<typeof FaultLane>[1] = {}): FaultLane {
    const made = new FaultLane(opened.storage, retry);
    scene().closing(() => made.pipeline.close(0));
    return made;
  }

  /** All is stored, each record once, by a storage that did not pile up connections. */
  async function expectStoredOnce(records: FaultLane, others = POOL): Promise<void> {
    await records.stored();
    expect(await engine.ids(scene().database.url)).to.deep.equal(records.ids);
    expect(scene().proxy.mostConnections).to.be.at.most(engine.mostConnections + others);
  }

  for (const kind of ['own', 'application'] as const) {
    describe(CONNECTIONS[kind], () => {
      it('loses nothing when the server is killed in mid-batch, and started again', async () => {
        const { server, proxy } = scene();
        const opened = await open(kind);
        const records = lane(opened);
        records.accept(50);
        await records.stored();
        const inserting = Promise.withResolvers<void>();
        // The answer is kept back: the batch is under way, whatever the server has done of it.
        void proxy.dropAnswerTo(
          (sent) => engine.isInsert(sent) && (inserting.resolve(), true),
          () => false,
        );
        records.accept(150);
        await inserting.promise;
        await server.kill();
        records.accept(150);
        await records.failed(2);
        await server.start();
        await expectStoredOnce(records);
        records.expectTransient();
      });

      it('loses nothing when the server is frozen for longer than attempts may take', async () => {
        const { server } = scene();
        const opened = await open(kind);
        const records = lane(opened, { attemptTimeoutMs: 150 });
        records.accept(50);
        await records.stored();
        server.freeze();
        try {
          records.accept(150);
          await records.failed(6);
        } finally {
          server.thaw();
        }
        await expectStoredOnce(records);
        records.expectTransient();
      });

      it('leaves one row an id when the connection is cut between commit and acknowledgement', async () => {
        const { proxy, database } = scene();
        const opened = await open(kind);
        const records = lane(opened);
        records.accept(50);
        await records.stored();
        const cut = proxy.dropAnswerTo(
          (sent) => engine.isInsert(sent),
          (answer) => {
            const isWhole = engine.isAnswer(answer);
            // The next attempt has to wait until it was seen what this one has done.
            if (isWhole) proxy.refuse();
            return isWhole;
          },
        );
        records.accept(64);
        await cut;
        expect(await engine.ids(database.url)).to.have.length.above(50);
        expect(records.pipeline.stats().stored).to.equal(50);
        await proxy.accept();
        await expectStoredOnce(records);
        records.expectTransient();
        expect(records.errors).to.have.length.above(0);
      });

      it('loses nothing when all connections are cut, again and again', async () => {
        const { proxy } = scene();
        const opened = await open(kind);
        const records = lane(opened);
        for (let turn = 0; turn < 5; turn += 1) {
          records.accept(120);
          await until(() => records.pipeline.stats().stored > turn * 120, 'a batch is stored', 1);
          proxy.cut();
        }
        await expectStoredOnce(records, engine.mostConnections);
      });

      it('loses nothing when the table is dropped and made again', async () => {
        const { database } = scene();
        const opened = await open(kind);
        const records = lane(opened);
        records.accept(50);
        await records.stored();
        await engine.dropTable(database.url);
        const gone = new Set(records.ids);
        records.accept(150);
        if (engine.advice !== null) {
          expect(await records.asked()).to.match(engine.advice.table);
          records.expectTransient('STORAGE_SETUP');
          // What another process does that starts.
          const other = await engine.connect(database.url);
          await other.close?.();
        }
        await records.stored();
        expect(await engine.ids(database.url)).to.deep.equal(records.ids.filter((id) => !gone.has(id)));
      });
    });
  }

  it("waits for the application's pool while it is exhausted, once, and is no burden to it", async () => {
    const { proxy } = scene();
    const opened = await open('application');
    const application = opened as Application;
    const records = lane(application, { attemptTimeoutMs: 100 });
    records.accept(50);
    await records.stored();
    const giveBack = await application.exhaust(proxy);
    records.accept(150);
    await records.failed(4);
    if (application.waiting !== null) expect(application.waiting()).to.be.at.most(1);
    records.expectTransient();
    await giveBack();
    await records.stored();
    await Promise.all(Array.from({ length: POOL * 2 }, () => application.work()));
    const giveBackAgain = await application.exhaust(proxy);
    await giveBackAgain();
    expect(await engine.ids(scene().database.url)).to.deep.equal(records.ids);
  });

  it('waits while the disk is full', async function () {
    const { server, database, closing } = scene();
    const disk = await mountSmallDisk(this, server.folder);
    closing(async () => {
      await database.drop();
      await disk.remove();
    });
    if (!(await engine.useDisk(database.url, disk.folder, Number(server.pid))))
      leavePending(this, 'MongoDB itself has the files of all databases on one disk');
    const records = lane(await open('own'));
    records.accept(50);
    await records.stored();
    await disk.fill();
    records.accept(1000);
    await records.failed(2);
    expect(records.errors.at(-1)?.message).to.match(engine.diskFull);
    await disk.makeRoom();
    await expectStoredOnce(records);
    records.expectTransient();
  });

  if (engine.tellsUnsent)
    it('has no doubt of records that have never reached the server', async () => {
      const { proxy } = scene();
      const { storage } = await open('own');
      const records = lane({ storage, close: async () => {} });
      records.accept(50);
      await records.stored();
      proxy.close();
      const isUnreached = (): Promise<boolean> =>
        caught((storage.reader as UsageReader).countUsage()).then(({ message }) =>
          /ECONNREFUSED/.test(message),
        );
      await until(isUnreached, 'the storage knows that its connections are cut');
      records.accept(150);
      await records.failed(2);
      await proxy.accept();
      await expectStoredOnce(records);
      const unsure = await storage.register?.find({ kinds: ['unsure'] }, new AbortController().signal);
      expect(unsure).to.deep.equal([]);
    });

  it('closes every connection of its own', async () => {
    const { proxy, database } = scene();
    // The second finds the table there.
    for (const count of [10, 20]) {
      const opened = await open('own');
      const records = lane(opened);
      records.accept(10);
      await records.stored();
      expect(await engine.ids(database.url)).to.have.lengthOf(count);
      await opened.close();
      await until(() => proxy.connections === 0, 'no connection is left', 5);
    }
  });

  it('lets close() end in time while it connects, counts what was not stored, and leaves no connection', async () => {
    const { proxy, database } = scene();
    const opened = await open('own');
    // Nothing but close() ends the attempt.
    const records = lane(opened, { attemptTimeoutMs: 3_600_000 });
    records.accept(50);
    await records.stored();
    proxy.cut();
    proxy.hold('answers');
    records.accept(70);
    await until(() => proxy.connections > 0, 'the storage connects again', 5);
    const result = await records.pipeline.close(100);
    proxy.release('answers');
    const { stored, queued, inFlight, dropped, accepted } = records.pipeline.stats();
    expect({ stored, queued, inFlight, accepted }).to.deep.equal({
      stored: 50,
      queued: 0,
      inFlight: 0,
      accepted: 120,
    });
    expect(dropped).to.include({ 'shutdown-timeout': 70 });
    expect(result).to.deep.equal({ stored: 50, spooled: 0, dropped: 70 });
    await opened.close();
    await until(() => proxy.connections === 0, 'no connection is left', 5);
    expect(await engine.ids(database.url)).to.include.members(records.ids.slice(0, 50));
  });
}
