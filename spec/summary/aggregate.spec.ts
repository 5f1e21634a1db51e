import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { Aggregate, KeyTallies } from '../../src/summary/aggregate.js';
import { DIMENSION_NAMES, type Dimension, type KeyPart, dimensionOf } from '../../src/summary/dimensions.js';
import { type Tally, contributionOf } from '../../src/summary/tally.js';
import { makeRecord } from '../support/records.js';
import { anySummedRecord } from '../support/summed-records.js';
import { anyText } from '../support/any-text.js';
import { bytesOf, copyOf } from '../support/tally-bytes.js';

const DIMENSIONS = DIMENSION_NAMES.map((name) => dimensionOf(name) as Dimension);

type Figures = Map<string, KeyTallies>;

function figuresOf(records: readonly UsageRecord[]): Figures {
  const aggregate = new Aggregate(DIMENSIONS);
  for (const record of records) aggregate.add(record, record.date.getTime());
  return new Map(aggregate.figures);
}

/** Figures as they come out of rows. */
function merged(parts: readonly Figures[]): Figures {
  const whole: Figures = new Map(DIMENSIONS.map(({ name, maxKeys }) => [name, new KeyTallies(maxKeys)]));
  for (const part of parts) {
    for (const [name, tallies] of part) {
      for (const [key, tally] of tallies.entries()) whole.get(name)?.merge(key, copyOf(tally));
    }
  }
  return whole;
}

/** Figures in an order that does not depend on that of the records. */
function comparable(figures: Figures): unknown {
  return [...figures].map(([name, tallies]) => [
    name,
    tallies
      .entries()
      .map(([key, tally]) => ({ key, bytes: bytesOf(tally), text: JSON.stringify(key) }))
      .toSorted((one, other) => (one.text < other.text ? -1 : 1)),
  ]);
}

/** Bytes of the heap that are in use. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** Records, each with a number that says to which part it belongs, and the order in which parts are merged. */
const anyParts = fc.record({
  records: fc.array(fc.tuple(anySummedRecord, fc.nat({ max: 5 })), { minLength: 1, maxLength: 40 }),
  order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
  cut: fc.nat({ max: 6 }),
});

describe('Aggregate', () => {
  it('always comes to the same figures by merging parts, in any order and grouping', () => {
    fc.assert(
      fc.property(anyParts, ({ records, order, cut }) => {
        const parts = order.map((number) =>
          figuresOf(records.filter(([, part]) => part === number).map(([record]) => record)),
        );
        const all = comparable(figuresOf(records.map(([record]) => record)));
        expect(comparable(merged(parts))).to.deep.equal(all);
        const grouped = [merged(parts.slice(0, cut)), merged(parts.slice(cut))];
        expect(comparable(merged(grouped))).to.deep.equal(all);
      }),
    );
  });

  it('always counts a record once in each dimension that has a key for it', () => {
    fc.assert(
      fc.property(fc.array(anySummedRecord, { maxLength: 30 }), (records) => {
        const expected = records.reduce((sum, record) => sum + contributionOf(record).weight, 0);
        for (const [name, tallies] of figuresOf(records)) {
          const hits = tallies.entries().map(([, tally]) => tally.toFigures().hits);
          expect(
            hits.reduce((sum, some) => sum + some, 0),
            name,
          ).to.equal(expected);
        }
      }),
    );
  });

  it('leaves a record out of a dimension that has no key for it, and of no other', () => {
    const none: Dimension = {
      name: 'none',
      parts: ['none'],
      maxKeys: 9,
      isPersonal: false,
      keyOf: () => null,
    };
    const aggregate = new Aggregate([none, dimensionOf('status') as Dimension]);
    aggregate.add(makeRecord(), 0);
    const counts = [...aggregate.figures].map(([name, tallies]) => [name, tallies.entries().length]);
    expect(counts).to.deep.equal([
      ['none', 0],
      ['status', 1],
    ]);
  });
});

describe('KeyTallies', () => {
  const part = contributionOf(makeRecord());
  const anyPart: fc.Arbitrary<KeyPart> = fc.oneof(
    fc.constantFrom('', 'null', 'true', '1', 'a', null, true, false, 0, 1, -1),
    anyText({ maxLength: 3 }).map((text) => text.replaceAll('\0', '')),
  );
  const anyKeys = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom(anyPart, fc.constantFrom('', 'null', null)))
    .chain(([length, some]) =>
      fc.array(fc.array(some, { minLength: length, maxLength: length }), { minLength: 1, maxLength: 30 }),
    );

  it('always keeps keys apart that differ', () => {
    fc.assert(
      fc.property(anyKeys, (keys) => {
        const tallies = new KeyTallies();
        for (const key of keys) tallies.add(key, part);
        const found = tallies.entries().map(([key]) => JSON.stringify(key));
        expect(found).to.have.members([...new Set(keys.map((key) => JSON.stringify(key)))]);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps nulls apart from the same texts, wherever they stand', () => {
    const keys = [
      ['', 'null', null],
      [null, '', 'null'],
    ];
    const tallies = new KeyTallies();
    for (const key of keys) tallies.add(key, part);
    expect(tallies.entries().map(([key]) => key)).to.deep.equal(keys);
  });

  it('counts all further keys as one, whether they are added or merged', () => {
    const tallies = new KeyTallies(2);
    for (const name of ['a', 'b', 'c', 'd', 'a']) tallies.add([name], part);
    const other = new KeyTallies();
    other.add(['e'], part);
    other.add(['b'], part);
    for (const [key, tally] of other.entries()) tallies.merge(key, tally);
    tallies.merge(null, other.entries()[0]?.[1] as Tally);
    const hits = tallies.entries().map(([key, tally]) => [key, tally.toFigures().hits]);
    expect(hits).to.deep.equal([
      [['a'], 2],
      [['b'], 2],
      [null, 4],
    ]);
  });

  it('always adds to the tally that it has taken over, and to that alone', () => {
    fc.assert(
      fc.property(anyKeys, fc.nat({ max: 30 }), (keys, taken) => {
        const one = new KeyTallies();
        for (const key of keys.slice(0, taken)) one.add(key, part);
        const other = new KeyTallies();
        for (const entry of one.entries()) other.take(entry);
        for (const key of keys.slice(taken)) other.add(key, part);
        const whole = new KeyTallies();
        for (const key of keys) whole.add(key, part);
        const hitsOf = (tallies: KeyTallies) => tallies.entries().map(([key, { hits }]) => ({ key, hits }));
        expect(hitsOf(other)).to.deep.equal(hitsOf(whole));
      }),
    );
  });

  it('stays small with a million keys, and tells how many requests there were to the last one', () => {
    const tallies = new KeyTallies(500);
    const keyOf = (number: number): string[] => [`${'x'.repeat(100)}${number}`];
    for (let number = 0; number < 100_000; number += 1) tallies.add(keyOf(number), part);
    const before = usedBytes();
    for (let number = 100_000; number < 1_000_000; number += 1) tallies.add(keyOf(number), part);
    // Keeping the keys would take more than a hundred million bytes.
    expect(usedBytes() - before).to.be.below(10_000_000);
    const entries = tallies.entries();
    expect(entries).to.have.length(501);
    expect(entries.reduce((sum, [, tally]) => sum + tally.toFigures().hits, 0)).to.equal(1_000_000);
  });
});
