import { expect } from 'chai';
import * as fc from 'fast-check';
import type { SummaryRow } from '../../src/storage/summary-store.js';
import { KeyTallies } from '../../src/summary/aggregate.js';
import { RowCount, blockOf, rowsOf } from '../../src/summary/blocks.js';
import { DIMENSION_NAMES, type KeyPart } from '../../src/summary/dimensions.js';
import { UNIT_KINDS, type Unit } from '../../src/summary/manifest.js';
import { ALWAYS } from '../../src/summary/periods.js';
import { contributionOf } from '../../src/summary/tally.js';
import { anyText } from '../support/any-text.js';
import { MemorySummaryStore } from '../support/memory-summary-store.js';
import { makeRecord } from '../support/records.js';
import { anySummedRecord } from '../support/summed-records.js';
import { bytesOf } from '../support/tally-bytes.js';

const EDITION = '0197a6b2-1f00-7abc-8def-0123456789ab';
const SPAN = { startMs: Date.parse('2026-01-01T00:00Z'), endMs: Date.parse('2026-01-01T01:00Z') };
const UNIT: Unit = { kind: 'hour', ...SPAN, edition: EDITION, dimensions: ['endpoint'] };

function talliesOf(count: number): KeyTallies {
  const tallies = new KeyTallies();
  for (let number = 0; number < count; number += 1)
    tallies.add(
      ['shop', 'GET', `/${number}`, null, null],
      contributionOf(makeRecord({ durationMs: number })),
    );
  return tallies;
}

const rowsFor = (tallies: KeyTallies): SummaryRow[] => [
  ...rowsOf('hour', SPAN, EDITION, 'endpoint', tallies),
];

function comparable(tallies: KeyTallies): unknown[] {
  return tallies.entries().map(([key, tally]) => [key, bytesOf(tally)]);
}

/** What rows hold, put together. */
function read(rows: readonly SummaryRow[]): KeyTallies {
  const tallies = new KeyTallies();
  for (const row of rows) for (const entry of blockOf(row).entries) tallies.take(entry);
  return tallies;
}

function isWhole(rows: readonly SummaryRow[], unit = UNIT, dimension = 'endpoint'): boolean {
  const count = new RowCount();
  for (const row of rows) count.note(row, blockOf(row));
  return count.isWhole(unit, dimension);
}

describe('summary/blocks', () => {
  for (const count of [0, 1, 99, 100, 101, 200, 2001]) {
    it(`gives ${count} keys back whole, with their figures`, () => {
      const tallies = talliesOf(count);
      const rows = rowsFor(tallies);
      expect(rows).to.have.length(Math.max(1, Math.ceil(count / 100)));
      expect(comparable(read(rows))).to.deep.equal(comparable(tallies));
      expect(isWhole(rows)).to.equal(true);
    });
  }

  it('always gives keys and figures back as they were, and what stands for all further keys', () => {
    const anyKey: fc.Arbitrary<KeyPart[]> = fc.array(
      fc.oneof(anyText(), fc.constantFrom(null, true, false, 0.1, -5)),
      { minLength: 2, maxLength: 2 },
    );
    const anyEntries = fc.array(fc.tuple(anyKey, anySummedRecord), { maxLength: 30 });
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const tallies = new KeyTallies(5);
        for (const [key, record] of entries) tallies.add(key, contributionOf(record));
        expect(comparable(read(rowsFor(tallies).toReversed()))).to.have.deep.members(comparable(tallies));
      }),
    );
  });

  it('notices each row that is lost, and that all are', () => {
    const rows = rowsFor(talliesOf(450));
    for (const lost of rows) expect(isWhole(rows.filter((row) => row !== lost))).to.equal(false);
    expect(isWhole([])).to.equal(false);
    expect(isWhole([], UNIT, 'status')).to.equal(false);
  });

  it('notices the lost row of a period without requests', () => {
    const rows = rowsFor(talliesOf(0));
    expect([isWhole(rows), isWhole([])]).to.deep.equal([true, false]);
  });

  it('takes no row for one of another edition, kind, period or dimension', () => {
    const rows = rowsFor(talliesOf(150));
    const others: Partial<Unit>[] = [
      { edition: '0197a6b2-1f00-7abc-8def-0123456789ac' },
      { kind: 'day' },
      { startMs: 0 },
    ];
    for (const other of others) expect(isWhole(rows, { ...UNIT, ...other })).to.equal(false);
    expect(isWhole(rows, UNIT, 'status')).to.equal(false);
  });

  it('has rows that every store can hold, each with an id of its own', async () => {
    const store = new MemorySummaryStore();
    const { signal } = new AbortController();
    const dimensions = [...DIMENSION_NAMES, `x${'-'.repeat(38)}a`, `x${'-'.repeat(38)}b`];
    const tallies = talliesOf(301);
    for (const startMs of [ALWAYS.startMs, SPAN.startMs, ALWAYS.endMs - 3_600_000]) {
      for (const kind of UNIT_KINDS) {
        for (const dimension of dimensions) {
          const span = { startMs, endMs: startMs + 3_600_000 };
          const isNew = await store.insert([...rowsOf(kind, span, EDITION, dimension, tallies)], signal);
          expect(isNew, `${kind} ${startMs} ${dimension}`).to.equal(true);
        }
      }
    }
    expect(store.rows).to.have.length(3 * 3 * dimensions.length * 4);
  });
});
