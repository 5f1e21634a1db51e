import { expect } from 'chai';
import { Get, JsonController } from 'routing-controllers';
import { TrackedController, type TrackUsageOptions } from '../../src/index.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { forgetDeclared } from '../support/declared.js';
import { declaredIn, readFrom } from '../support/register.js';
import { type Served, serve } from '../support/serve.js';
import { connectSqlite, useTemporaryFolder } from '../support/sqlite.js';
import { UncertainStore } from '../support/summarized-storage.js';
import { until } from '../support/until.js';

const { signal } = new AbortController();

@JsonController('/a')
@TrackedController()
class AController {
  @Get('/') get(): object {
    return {};
  }
}

@JsonController('/b')
@TrackedController()
class BController {
  @Get('/') get(): object {
    return {};
  }
}

@JsonController('/brief')
@TrackedController({ retention: { days: 7 } })
class BriefController {
  @Get('/') get(): object {
    return {};
  }
}

/** A storage whose register is away at times. */
class UncertainStorage extends MemoryStorage {
  override readonly register = new UncertainStore();
}

describe('A tracker that keeps the register', () => {
  const opened: Served[] = [];
  const folder = useTemporaryFolder(async () => {
    for (const served of opened.splice(0)) await served.close();
  });
  let clock: ManualClock;
  let lines: string[];
  let storage: UncertainStorage;

  beforeEach(() => {
    forgetDeclared();
    clock = new ManualClock(new Date('2026-03-01T12:00:00Z'));
    lines = [];
    storage = new UncertainStorage();
  });

  after(forgetDeclared);

  async function start(tracker: TrackUsageOptions = {}, controllers = [AController]): Promise<Served> {
    const log = (line: string): void => void lines.push(line);
    const logger = { warn: log, error: log };
    const served = await serve({ controllers, tracker: { storage, clock, logger, ...tracker } });
    opened.push(served);
    return served;
  }

  const ask = async ({ origin }: Served): Promise<void> => {
    await (await fetch(`${origin}/a`)).text();
  };

  /** Lets time pass until something is so. */
  const passesUntil = (stepMs: number, condition: () => boolean | Promise<boolean>): Promise<void> =>
    until(async () => {
      await clock.advance(stepMs);
      return condition();
    }, 'it is so');

  it('enters nothing in its first seconds, and then what there is', async () => {
    await start();
    await clock.advance(9000);
    expect(storage.register.kept.rows).to.deep.equal([]);
    await passesUntil(1000, async () => (await declaredIn(storage)).length > 0);
    expect(clock.now()).to.be.below(Date.parse('2026-03-01T12:00:20Z'));
    expect(await declaredIn(storage)).to.deep.equal(['GET /a']);
  });

  it('tells requests for what is gone apart before its first entry, from when the storage has answered', async () => {
    const old = await start();
    await ask(old);
    await old.close();
    const before = storage.register.kept.rows;
    const served = await start({}, [BController]);
    await passesUntil(0, async () => {
      await ask(served);
      await served.records();
      return storage.records.some(({ route, status }) => route === '/a' && status === 404);
    });
    expect(storage.register.kept.rows).to.deep.equal(before);
  });

  it('enters within a minute what is declared later, else a sign of life within the hour', async () => {
    await start();
    await passesUntil(1000, async () => (await declaredIn(storage)).length > 0);
    const entered = (): string[] => storage.register.kept.rows.map(({ id }) => id);
    const first = entered();
    await clock.advance(40 * 60_000);
    expect(entered()).to.deep.equal(first);
    await clock.advance(25 * 60_000);
    expect(entered()).to.not.deep.equal(first);
    expect(entered()).to.have.lengthOf(first.length);
    const endpoint = (await readFrom(storage)).endpoints[0];
    expect(Number(endpoint?.lastDeclared)).to.be.above(Date.parse('2026-03-01T12:40:00Z'));
  });

  it('waits for a register that is away, tells of it once, and enters what there is by then', async () => {
    storage.register.calls = 0;
    const served = await start();
    await clock.advance(15 * 60_000);
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.include("the register of endpoints in the storage 'memory' failed");
    expect(served.usage.tracker.health()).to.equal('degraded');
    await ask(served);
    await served.records();
    storage.register.calls = Infinity;
    await passesUntil(60_000, () => served.usage.tracker.health() === 'ok');
    const { days, endpoints } = await readFrom(storage);
    expect(days).to.have.lengthOf(1);
    expect(days[0]).to.include({ accepted: 1, instances: 1 });
    expect(endpoints[0]).to.deep.include({ firstDeclared: new Date('2026-03-01T12:00:00Z'), watchedDays: 1 });
  });

  it('tells each day of an outage apart', async () => {
    const served = await start();
    await passesUntil(1000, async () => (await declaredIn(storage)).length > 0);
    storage.register.calls = 0;
    for (let day = 0; day < 3; day += 1) {
      await ask(served);
      await served.records();
      for (let hour = 0; hour < 24; hour += 1) await clock.advance(3_600_000);
    }
    storage.register.calls = Infinity;
    await passesUntil(60_000, () => served.usage.tracker.health() === 'ok');
    // The first day was begun with what had been entered of it: others may have merged it by now.
    const { days } = await readFrom(storage);
    expect(days.map(({ accepted }) => accepted)).to.deep.equal([0, 1, 1, 0]);
  });

  it('enters at its end what became of all requests, and that it has ended', async () => {
    const served = await start({ storage: new MemoryStorage() });
    const other = await start({ batch: { maxDelayMs: 60_000 } });
    for (const each of [served, other]) await ask(each);
    await other.close();
    const { days } = await readFrom(storage);
    expect(days).to.have.lengthOf(1);
    expect(days[0]).to.deep.include({ instances: 1, unclosed: 0, accepted: 1, dropped: {} });
    expect(storage.records).to.have.lengthOf(1);
  });

  it('leaves no trace if it ends in its first seconds without a request', async () => {
    const served = await start();
    await served.close();
    expect(storage.register.kept.rows).to.deep.equal([]);
  });

  it('enters nothing with endpoints: false', async () => {
    const served = await start({ endpoints: false });
    await ask(served);
    await clock.advance(3_600_000);
    await served.close();
    expect(storage.register.kept.rows).to.deep.equal([]);
  });

  it('enters what is lost', async () => {
    class Refusing extends MemoryStorage {
      override async store(batch: Parameters<MemoryStorage['store']>[0]) {
        return { stored: 0, refused: batch.map(({ id }) => ({ id, error: new Error('never') })) };
      }
    }
    const refusing = new Refusing();
    const served = await start({ storage: refusing });
    await ask(served);
    await served.close();
    expect((await readFrom(refusing)).days[0]).to.deep.include({
      accepted: 1,
      dropped: { 'shutdown-timeout': 1 },
    });
  });

  it('needs no summaries for it, and marks nothing then that nobody would sum up', async () => {
    const sqlite = await connectSqlite(folder.file('usage.db'));
    const served = await start({ storage: sqlite as UsageStorage, summaries: false }, [BController]);
    await passesUntil(5000, async () => (await declaredIn(sqlite)).length > 0);
    for (let times = 0; times < 3; times += 1) {
      await ask(served);
      await served.usage.tracker.flush();
      await clock.advance(120_000);
    }
    const rows = (await sqlite.register?.find({}, signal)) ?? [];
    expect(new Set(rows.map(({ kind }) => kind))).to.deep.equal(new Set(['build', 'watch']));
  });

  it('enters how long records of an action are kept, where no summary tells of them then', async () => {
    const sqlite = (): Promise<UsageStorage> => connectSqlite(folder.file('usage.db'));
    for (const [open, summaries, days] of [
      [async (): Promise<UsageStorage> => storage, true, 7],
      [sqlite, true, null],
      [sqlite, false, 7],
    ] as const) {
      const told = await open();
      const on = summaries ? {} : { summaries };
      const served = await start({ storage: told, ...on }, [AController, BriefController]);
      await passesUntil(5000, async () => {
        const { endpoints } = await readFrom(told);
        const found = endpoints.map(({ route, recordsDays }) => `${route} ${recordsDays}`);
        return found.join() === `/a null,/brief ${days}`;
      });
      await served.close();
    }
  });
});
