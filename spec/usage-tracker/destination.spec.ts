import { expect } from 'chai';
import { Get, JsonController } from 'routing-controllers';
import { Container } from 'typedi';
import { TrackedController, type TrackUsageOptions, UsageReaderToken } from '../../src/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { forgetDeclared } from '../support/declared.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { declaredIn, readFrom } from '../support/register.js';
import { makeRecord } from '../support/records.js';
import { type Served, serve } from '../support/serve.js';
import { until } from '../support/until.js';

@JsonController('/shops')
@TrackedController()
class ShopController {
  @Get('/') get(): object {
    return {};
  }
}

describe('A tracker whose storage hands records on', () => {
  let database: MemoryStorage;
  let clock: ManualClock;
  let lines: string[];
  let served: Served;

  beforeEach(() => {
    forgetDeclared();
    database = new MemoryStorage();
    clock = new ManualClock(new Date('2026-03-01T12:00:00Z'));
    lines = [];
  });

  afterEach(() => served.close());
  after(forgetDeclared);

  async function start(tracker: TrackUsageOptions = {}): Promise<FaultyStorage> {
    const stream = Object.assign(new FaultyStorage('stream'), { destination: database });
    const log = (line: string): void => void lines.push(line);
    const options = { storage: stream, clock, logger: { warn: log, error: log }, ...tracker };
    served = await serve({ controllers: [ShopController], tracker: options });
    return stream;
  }

  const ask = async (): Promise<void> => {
    await (await fetch(`${served.origin}/shops`)).text();
    await served.usage.tracker.flush();
  };

  it('keeps the register where the records get to, with what was handed on', async () => {
    const stream = await start({ retention: { records: { days: 30 } } });
    await ask();
    await until(async () => {
      await clock.advance(5000);
      return (await declaredIn(database)).length > 0;
    }, 'the endpoint is declared');
    expect(await declaredIn(database)).to.deep.equal(['GET /shops']);
    await served.close();
    const { days, endpoints } = await readFrom(database);
    expect(days[0]).to.deep.include({ accepted: 1 });
    expect(endpoints[0]?.route).to.equal('/shops');
    expect(stream.stored.size).to.equal(1);
    expect(database.records).to.deep.equal([]);
    expect(lines).to.deep.equal([]);
  });

  it('tells in its inventory how long records are kept there', async () => {
    await start({ retention: { records: { days: 30 } } });
    expect(JSON.stringify(served.usage.tracker.inventory())).to.include(
      '{"name":"stream","retentionDays":30}',
    );
  });

  it('reads, exports and erases where the records get to', async () => {
    const record = makeRecord({ username: 'grace' });
    await database.store([record, makeRecord()]);
    const container = Container.of('destination');
    await start({ container });
    await ask();
    expect(container.get(UsageReaderToken)).to.equal(database.reader);
    const found = [];
    for await (const one of served.usage.tracker.exportUser({ username: 'grace' })) found.push(one);
    expect(found).to.deep.equal([record]);
    const reports = await served.usage.tracker.eraseUser({ username: 'grace' });
    expect(reports.map(({ storage, records }) => ({ storage, records }))).to.deep.equal([
      { storage: database.name, records: 1 },
    ]);
  });

  it('takes the salts of visitors from there', async () => {
    const stream = await start({ visitors: true, serverName: 'spec' });
    await ask();
    const [record] = stream.stored.values();
    expect(record?.visitor).to.be.a('string');
    await served.close();
    const again = await start({ visitors: true, serverName: 'spec' });
    await ask();
    expect([...again.stored.values()][0]?.visitor).to.equal(record?.visitor);
  });
});
