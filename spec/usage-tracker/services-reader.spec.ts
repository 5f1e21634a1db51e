import 'reflect-metadata';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { Get, JsonController, useContainer } from 'routing-controllers';
import { Container, type ContainerInstance, Inject, Service } from 'typedi';
import { SqlStorage, UsageRepository } from '../../src/backends/sql/index.js';
import { Tracked, type UsageReader, UsageReaderToken, type UsageStorage } from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { type Served, serve } from '../support/serve.js';

@Service()
@JsonController('/read')
class ReaderController {
  constructor(@Inject(UsageReaderToken) private readonly usage: UsageReader) {}

  @Tracked()
  @Get('/')
  async count() {
    return this.usage.countUsage({ route: '/read' });
  }
}

describe('UsageReaderToken', () => {
  let container: ContainerInstance;

  beforeEach(() => {
    // One of its own, as other specs leave trackers open.
    container = Container.of('UsageReaderToken');
  });

  afterEach(() => {
    container.reset({ strategy: 'resetServices' });
    useContainer(Container, { fallbackOnErrors: true });
  });

  const start = async (storage: UsageStorage[]): Promise<Served> => {
    const served = await serve({ controllers: [ReaderController], tracker: { storage, container } });
    useContainer(container);
    return served;
  };

  const ask = async (served: Served): Promise<unknown> => {
    const answer: unknown = await (await fetch(`${served.origin}/read`)).json();
    await served.records();
    return answer;
  };

  const sqlStorage = (): Promise<SqlStorage> =>
    SqlStorage.connect({ driver: SqliteDriver, dbName: ':memory:' });

  it('hands out what reads the first storage that can be read, whatever that is', async () => {
    const memory = new MemoryStorage();
    const writer: UsageStorage = {
      name: 'writer',
      store: async (batch) => ({ stored: batch.length, refused: [] }),
    };
    const sql = await sqlStorage();
    const served = await start([writer, memory, sql]);
    expect(await ask(served)).to.equal(0);
    expect(await ask(served)).to.equal(1);
    expect(container.get(UsageReaderToken)).to.equal(memory);
    expect(container.get(UsageRepository)).to.equal(sql.reader);
    await served.close();
    expect(container.has(UsageReaderToken)).to.equal(false);
    expect(container.has(UsageRepository)).to.equal(false);
  });

  it('hands out the reader that the application has put there, such as that of a replica', async () => {
    const replica = await sqlStorage();
    container.set(UsageReaderToken, replica.reader);
    const served = await start([new MemoryStorage()]);
    expect([await ask(served), await ask(served)]).to.deep.equal([0, 0]);
    await served.close();
    expect(container.get(UsageReaderToken)).to.equal(replica.reader);
    await replica.close();
  });
});
