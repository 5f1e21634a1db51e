import 'reflect-metadata';
import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import { Get, JsonController, useContainer } from 'routing-controllers';
import { Container, type ContainerInstance, Service } from 'typedi';
import { PrinterStorage, StorageToken, TrackedController, trackUsage } from '../../src/index.js';
import { SqlStorage, UsageRepository } from '../../src/backends/sql/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { type ServeOptions, type Served, serve } from '../support/serve.js';
import { applicationOrm } from '../support/sqlite.js';

@TrackedController()
@JsonController('/ping')
class PingController {
  @Get('/')
  ping() {
    return { ok: true };
  }
}

@Service()
@JsonController('/usage')
class UsageController {
  constructor(private readonly usage: UsageRepository) {}

  @Get('/')
  async recent() {
    const records = await this.usage.getUsage({ route: '/ping' });
    return records.map(({ action }) => action);
  }
}

/** Forgets what specs have set, and the instances that were made with it. */
function emptyContainer(): void {
  Container.remove(StorageToken);
  Container.remove(UsageRepository);
  Container.reset();
}

async function ping(served: Served): Promise<void> {
  expect((await fetch(`${served.origin}/ping`)).status).to.equal(200);
  await served.records();
}

describe('trackUsage and the TypeDI container', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  let lines: string[];

  beforeEach(() => {
    emptyContainer();
    lines = [];
  });

  afterEach(async () => {
    for (const each of opened.splice(0).toReversed()) await each.close();
    emptyContainer();
  });

  const log = (line: string): void => {
    lines.push(line);
  };

  /** Starts a server whose tracker has to find its storage itself. */
  const start = async (options: ServeOptions['tracker'] = {}): Promise<Served> => {
    const logger = { warn: log, error: log };
    const served = await serve({
      controllers: [PingController, UsageController],
      tracker: { storage: undefined, logger, ...options },
    });
    opened.push(served);
    return served;
  };

  const openOrm = async (): Promise<MikroORM> => {
    const orm = await applicationOrm();
    opened.push({ close: () => orm.close(true) });
    return orm;
  };

  it('finds a storage that was set before', async () => {
    const storage = new MemoryStorage();
    Container.set(StorageToken, storage);
    await ping(await start());
    expect(storage.records).to.have.lengthOf(1);
  });

  it('finds a storage that is set after trackUsage, before the first request', async () => {
    const served = await start();
    const storage = new MemoryStorage();
    Container.set(StorageToken, storage);
    await ping(served);
    expect(storage.records).to.have.lengthOf(1);
    expect(lines).to.deep.equal([]);
  });

  it('counts requests as not stored until there is a storage, and says once what to do', async () => {
    const served = await start();
    await ping(served);
    await ping(served);
    expect(served.usage.tracker.stats().dropped).to.include({ 'no-storage': 2 });
    expect(lines.filter((line) => line.includes('Container.set(StorageToken, storage)'))).to.have.lengthOf(1);
    const storage = new MemoryStorage();
    Container.set(StorageToken, storage);
    await ping(served);
    expect(storage.records).to.have.lengthOf(1);
  });

  describe('that is a child', () => {
    let child: ContainerInstance;

    beforeEach(() => {
      child = Container.of('child of the spec');
    });

    afterEach(() => {
      child.remove(StorageToken);
      child.remove(UsageRepository);
    });

    it('finds the storage there, and not in the global one', async () => {
      const [inside, outside] = [new MemoryStorage(), new MemoryStorage()];
      child.set(StorageToken, inside);
      Container.set(StorageToken, outside);
      await ping(await start({ container: child }));
      expect([inside.records.length, outside.records.length]).to.deep.equal([1, 0]);
    });

    it('falls back to the storage in the global one', async () => {
      const storage = new MemoryStorage();
      Container.set(StorageToken, storage);
      await ping(await start({ container: child }));
      expect(storage.records).to.have.lengthOf(1);
    });

    it('gets the repository, which the global one does not', async () => {
      child.set(StorageToken, new SqlStorage(await openOrm()));
      await ping(await start({ container: child }));
      expect(child.get(UsageRepository)).to.be.an.instanceOf(UsageRepository);
      expect(Container.has(UsageRepository)).to.equal(false);
    });
  });

  it('stores in every storage of a list', async () => {
    const storages = [new MemoryStorage(), new MemoryStorage()];
    Container.set(StorageToken, storages);
    await ping(await start());
    expect(storages.map(({ records }) => records.length)).to.deep.equal([1, 1]);
  });

  it('stores in every service that was set with multiple: true', async () => {
    const storages = [new MemoryStorage(), new MemoryStorage()];
    for (const value of storages) Container.set({ id: StorageToken, value, multiple: true });
    await ping(await start());
    expect(storages.map(({ records }) => records.length)).to.deep.equal([1, 1]);
  });

  it('prefers the storage that it is given', async () => {
    const [given, held] = [new MemoryStorage(), new MemoryStorage()];
    Container.set(StorageToken, held);
    await ping(await start({ storage: given }));
    expect([given.records.length, held.records.length]).to.deep.equal([1, 0]);
  });

  for (const [title, value, says] of [
    ['a promise', Promise.resolve(new MemoryStorage()), 'StorageToken holds a promise. Await it first'],
    ['text', 'sqlite', 'StorageToken holds a value of type string that is not a storage'],
    [
      'an object without store',
      { name: 'x' },
      'StorageToken holds a value of type object that is not a storage',
    ],
    ['a list with a promise in it', [new MemoryStorage(), Promise.resolve()], 'StorageToken holds a promise'],
    [
      'a storage that is open for reading only',
      { name: 'replica', store: ping, isReadOnly: true },
      "StorageToken holds the storage 'replica', which is open for reading only. Open it without readOnly: true",
    ],
    ['an empty list', [], 'There is no storage'],
  ] as const) {
    it(`says what is wrong when the token holds ${title}, and serves on`, async () => {
      Container.set(StorageToken, value);
      await ping(await start());
      expect(lines[0]).to.include('requests are not tracked').and.include(says);
    });
  }

  it("injects the repository into a controller's constructor", async () => {
    Container.set(StorageToken, new SqlStorage(await openOrm()));
    const served = await start();
    await ping(served);
    const answer = await fetch(`${served.origin}/usage`);
    expect(await answer.json()).to.deep.equal(['ping']);
  });

  it('makes no repository of its own when the container is reset', async () => {
    const storage = new SqlStorage(await openOrm());
    Container.set(StorageToken, storage);
    await ping(await start());
    Container.reset();
    expect(Container.get(UsageRepository)).to.equal(storage.reader);
    expect(await Container.get(UsageRepository).countUsage()).to.equal(1);
  });

  it('hands the repository on to child containers', async () => {
    const storage = new SqlStorage(await openOrm());
    Container.set(StorageToken, storage);
    await ping(await start());
    const child = Container.of('a request of the spec');
    expect(child.get(UsageRepository)).to.equal(storage.reader);
    child.reset({ strategy: 'resetServices' });
  });

  it("leaves the application's own value under UsageRepository alone", async () => {
    const own = { getUsage: async () => [{ action: 'mine' }] };
    Container.set(UsageRepository, own as unknown as UsageRepository);
    Container.set(StorageToken, new SqlStorage(await openOrm()));
    const served = await start();
    await ping(served);
    expect(await (await fetch(`${served.origin}/usage`)).json()).to.deep.equal(['mine']);
  });

  it('offers what the first readable storage has, also behind one that cannot be read', async () => {
    const [first, second] = [new SqlStorage(await openOrm()), new SqlStorage(await openOrm())];
    const printer = new PrinterStorage({ output: process.stdout, format: () => '' });
    Object.assign(printer, {
      store: async (batch: readonly unknown[]) => ({ stored: batch.length, refused: [] }),
    });
    Container.set(StorageToken, [printer, first, second]);
    await ping(await start());
    expect(Container.get(UsageRepository)).to.equal(first.reader);
  });

  it('keeps a repository there until the last of several trackers is closed, whichever goes first', async () => {
    const storages = [
      new SqlStorage(await openOrm()),
      new SqlStorage(await openOrm()),
      new SqlStorage(await openOrm()),
    ];
    const [first, second, third] = storages.map((storage) => trackUsage({ storage }).tracker);
    const held = (): number =>
      storages.findIndex(
        ({ reader }) => Container.has(UsageRepository) && Container.get(UsageRepository) === reader,
      );
    expect(held()).to.equal(0);
    await second?.close();
    expect(held()).to.equal(0);
    await first?.close();
    expect(held()).to.equal(2);
    await third?.close();
    expect(Container.has(UsageRepository)).to.equal(false);
  });

  it("leaves what the application puts in a repository's place", async () => {
    const { tracker } = trackUsage({ storage: new SqlStorage(await openOrm()) });
    const own = { getUsage: async () => [] } as unknown as UsageRepository;
    Container.set(UsageRepository, own);
    await tracker.close();
    expect(Container.get(UsageRepository)).to.equal(own);
  });

  after(() => {
    useContainer(Container, { fallbackOnErrors: true });
  });
});
