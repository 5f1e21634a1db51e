import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  type Manifest,
  type Mark,
  type Replaced,
  UNIT_KINDS,
  type Unit,
  emptyManifest,
  look,
  publish,
  readManifest,
  rowOfMark,
} from '../../src/summary/manifest.js';
import { END_MS, FIRST_MS } from '../../src/summary/periods.js';
import type { SummaryRow, SummaryStore } from '../../src/storage/summary-store.js';
import { MemorySummaryStore } from '../support/memory-summary-store.js';

const { signal } = new AbortController();

const anySpan = fc
  .tuple(fc.integer({ min: FIRST_MS, max: END_MS - 90_000_000 }), fc.integer({ min: 1, max: 90_000_000 }))
  .map(([startMs, length]) => ({ startMs, endMs: startMs + length }));

const anyEdition = fc.oneof(fc.constantFrom('one', 'two'), fc.uuid());

const anyUnit: fc.Arbitrary<Unit> = fc
  .tuple(
    anySpan,
    fc.record({
      kind: fc.constantFrom(...UNIT_KINDS),
      edition: anyEdition,
      dimensions: fc.subarray(['endpoint', 'status', 'a', 'a-b', 'b']),
    }),
  )
  .map(([span, unit]) => Object.assign(unit, span));

const anyReplaced: fc.Arbitrary<Replaced> = fc
  .tuple(
    anySpan,
    fc.record({ kind: fc.constantFrom(...UNIT_KINDS), edition: anyEdition, sinceMs: fc.maxSafeNat() }),
  )
  .map(([span, unit]) => Object.assign(unit, span));

const anyManifest: fc.Arbitrary<Manifest> = fc.record({
  generation: fc.nat({ max: 100_000 }),
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/Argentina/ComodRivadavia'),
  units: fc.array(anyUnit, { maxLength: 20 }),
  replaced: fc.array(anyReplaced, { maxLength: 5 }),
  sealedMs: fc.option(fc.integer({ min: FIRST_MS, max: END_MS })),
  confirmedMs: fc.option(fc.integer({ min: FIRST_MS, max: END_MS })),
  anonymousMs: fc.option(fc.integer({ min: FIRST_MS, max: END_MS })),
});

/** A manifest that tells who made it by its time zone. */
const made = (generation: number, timeZone: string): Manifest => ({ ...emptyManifest(timeZone), generation });

const idsOf = (store: MemorySummaryStore): string[] => store.rows.map(({ id }) => id);

describe('publish and readManifest', () => {
  it('always gives a manifest back as it was, with the next generation', async () => {
    await fc.assert(
      fc.asyncProperty(anyManifest, async (manifest) => {
        const store = new MemorySummaryStore();
        expect(await publish(store, manifest, 'one', signal)).to.equal(true);
        const generation = manifest.generation + 1;
        expect(await readManifest(store, signal)).to.deep.equal({ ...manifest, generation });
      }),
    );
  });

  it('finds no manifest where there is none', async () => {
    const store = new MemorySummaryStore();
    expect(await readManifest(store, signal)).to.equal(null);
    expect(await look(store, signal)).to.deep.equal({ marks: [], manifest: null });
  });

  it('leaves no manifest beside the newest', async () => {
    const store = new MemorySummaryStore();
    for (let generation = 0; generation < 12; generation += 1)
      expect(await publish(store, made(generation, `Zone/${generation}`), 'one', signal)).to.equal(true);
    expect(idsOf(store)).to.deep.equal(['manifest.12']);
    expect(await readManifest(store, signal)).to.deep.equal(made(12, 'Zone/11'));
  });

  it('knows the newest by its number, not by its text or its place', async () => {
    const store = new MemorySummaryStore();
    const other = new MemorySummaryStore();
    await publish(store, made(9, 'Zone/10'), 'one', signal);
    for (const generation of [8, 1, 10]) {
      await publish(other, made(generation, `Zone/${generation + 1}`), 'two', signal);
      await store.insert(await other.find({}, signal), signal);
      await other.delete({}, signal);
    }
    expect(await readManifest(store, signal)).to.deep.equal(made(11, 'Zone/11'));
  });

  it('has exactly one of several succeed that began with one generation', async () => {
    for (let count = 2; count <= 5; count += 1) {
      const store = new MemorySummaryStore();
      await publish(store, made(0, 'Zone/First'), 'first', signal);
      const editions = Array.from({ length: count }, (_, index) => `edition-${index}`);
      const results = await Promise.all(
        editions.map((edition) => publish(store, made(1, `Zone/${edition}`), edition, signal)),
      );
      expect(results.filter(Boolean)).to.have.length(1);
      const winner = editions[results.indexOf(true)];
      expect(await readManifest(store, signal)).to.deep.equal(made(2, `Zone/${winner}`));
      expect(idsOf(store)).to.deep.equal(['manifest.2']);
    }
  });

  it('has one lose that is late and finds its id free again, and leaves nothing of it', async () => {
    const store = new MemorySummaryStore();
    for (let generation = 0; generation < 3; generation += 1)
      await publish(store, made(generation, 'Zone/Others'), 'others', signal);
    expect(idsOf(store)).to.deep.equal(['manifest.3']);
    for (const generation of [0, 1])
      expect(await publish(store, made(generation, 'Zone/Late'), 'late', signal)).to.equal(false);
    expect(await publish(store, made(2, 'Zone/Late'), 'late', signal)).to.equal(false);
    expect(idsOf(store)).to.deep.equal(['manifest.3']);
    expect(await readManifest(store, signal)).to.deep.equal(made(3, 'Zone/Others'));
  });

  it('is not read by anybody while a late one is about to be taken back', async () => {
    const inner = new MemorySummaryStore();
    for (const generation of [0, 1, 2])
      await publish(inner, made(generation, 'Zone/Others'), 'others', signal);
    const seen: (Manifest | null)[] = [];
    const store = changed(inner, {
      delete: async (query) => {
        expect(idsOf(inner)).to.have.members(['manifest.3', 'manifest.1']);
        seen.push(await readManifest(inner, signal));
        await inner.delete(query, signal);
      },
    });
    expect(await publish(store, made(0, 'Zone/Late'), 'late', signal)).to.equal(false);
    expect(seen).to.deep.equal([made(3, 'Zone/Others')]);
  });

  it('succeeds where the statement was sent twice because its answer was lost', async () => {
    const inner = new MemorySummaryStore();
    const store = changed(inner, {
      insert: async (rows) => {
        await inner.insert(rows, signal);
        return inner.insert(rows, signal);
      },
    });
    expect(await publish(store, made(0, 'Zone/Own'), 'own', signal)).to.equal(true);
    expect(await readManifest(inner, signal)).to.deep.equal(made(1, 'Zone/Own'));
    expect(await publish(store, made(0, 'Zone/Other'), 'other', signal)).to.equal(false);
  });

  it('tells a process that was stopped that it succeeded, if others have gone on from its manifest', async () => {
    const own = { ...made(0, 'UTC'), units: [{ ...UNIT, edition: 'own' }] };
    for (const isSentTwice of [false, true]) {
      const inner = new MemorySummaryStore();
      const store = changed(inner, {
        insert: async (rows) => {
          await inner.insert(rows, signal);
          const found = (await readManifest(inner, signal)) as Manifest;
          await publish(inner, found, 'other', signal);
          return isSentTwice ? inner.insert(rows, signal) : true;
        },
      });
      expect(await publish(store, own, 'own', signal)).to.equal(true);
      expect(idsOf(inner)).to.deep.equal(['manifest.2']);
      expect((await readManifest(inner, signal))?.units).to.deep.equal(own.units);
    }
  });

  it('always has one manifest follow another, however many processes take part', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, processes) => {
        const store = new MemorySummaryStore();
        const slow = scheduled(store, scheduler);
        let published = 0;
        const run = async (name: string): Promise<void> => {
          for (let turn = 0; turn < 4; turn += 1) {
            const found = (await readManifest(slow, signal)) ?? emptyManifest('UTC');
            const units = [...found.units, { ...UNIT, edition: `${name}-${turn}` }];
            if (await publish(slow, { ...found, units }, `${name}-${turn}`, signal)) published += 1;
          }
        };
        const running = Array.from({ length: processes }, (_, index) => run(`process-${index}`));
        await scheduler.waitFor(Promise.all(running));
        const manifest = await readManifest(store, signal);
        expect(manifest?.generation).to.equal(published);
        expect(manifest?.units).to.have.length(published);
      }),
    );
  });
});

const UNIT: Unit = { kind: 'hour', startMs: 0, endMs: 3_600_000, edition: 'one', dimensions: ['status'] };

/** A store of which some methods are others. */
function changed(store: MemorySummaryStore, others: Partial<SummaryStore>): SummaryStore {
  return {
    prepare: (make, aborted) => store.prepare(make, aborted),
    find: (query, aborted) => store.find(query, aborted),
    insert: (rows, aborted) => store.insert(rows, aborted),
    delete: (query, aborted) => store.delete(query, aborted),
    ...others,
  };
}

/** A store whose calls take effect, and are answered, in an order that the scheduler chooses. */
function scheduled(store: MemorySummaryStore, scheduler: fc.Scheduler): SummaryStore {
  const turn = (): Promise<unknown> => scheduler.schedule(Promise.resolve());
  const slowly = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    await turn();
    const result = await act();
    await turn();
    return result;
  };
  return changed(store, {
    find: (query) => slowly(() => store.find(query, signal)),
    insert: (rows) => slowly(() => store.insert(rows, signal)),
    delete: (query) => slowly(() => store.delete(query, signal)),
  });
}

describe('look', () => {
  const marks: Mark[] = [
    { id: 'a', startMs: 0, endMs: 300_000, isWriting: true, sinceMs: 1_770_000_000_123 },
    { id: 'b', startMs: FIRST_MS, endMs: END_MS, isWriting: false, sinceMs: 5 },
  ];

  it('gives marks back as they were, beside the manifest', async () => {
    const store = new MemorySummaryStore();
    await store.insert(
      marks.map((mark) => rowOfMark(mark, 'one')),
      signal,
    );
    await publish(store, made(0, 'UTC'), 'one', signal);
    const found = await look(store, signal);
    expect(found.marks).to.have.deep.members(marks);
    expect(found.manifest).to.deep.equal(made(1, 'UTC'));
    const kinds = (await store.find({ ids: ['a', 'b'] }, signal)).map(({ id, kind }: SummaryRow) => [
      id,
      kind,
    ]);
    expect(kinds).to.deep.equal([
      ['a', 'writing'],
      ['b', 'touched'],
    ]);
  });

  it('reads marks before the manifest, as a fold takes marks away only after its manifest is there', async () => {
    const inner = new MemorySummaryStore();
    await inner.insert([rowOfMark(marks[1] as Mark, 'one')], signal);
    const fold = async (): Promise<void> => {
      await publish(inner, made(0, 'UTC'), 'one', signal);
      await inner.delete({ ids: ['b'] }, signal);
    };
    let finds = 0;
    const store = changed(inner, {
      find: async (query) => {
        finds += 1;
        if (finds === 2) await fold();
        return inner.find(query, signal);
      },
    });
    const found = await look(store, signal);
    expect(found.marks.map(({ id }) => id)).to.deep.equal(['b']);
    expect(found.manifest?.generation).to.equal(1);
  });
});
