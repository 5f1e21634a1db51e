import { expect } from 'chai';
import { FILTERS, type UsageFilter, type UsageQuery } from '../../src/storage/usage-query.js';
import { HOSTILE_TEXTS } from '../support/hostile-values.js';
import { makeRecord } from '../support/records.js';
import { type OpenSubject, idsOf, storeAll, withStorage } from './subject.js';

const VALUES: Readonly<Record<UsageFilter, readonly [string | number, string | number]>> = {
  route: ['/users/:id', '/users'],
  controller: ['UserController', 'OrderController'],
  action: ['one', 'One'],
  status: [200, 404],
  method: ['GET', 'get'],
  username: ['ada', 'ada '],
};

export function describeFilters(open: OpenSubject): void {
  describe('filters', () => {
    for (const name of FILTERS) {
      const [value, other] = VALUES[name];

      it(
        `finds just the records with a certain ${name}`,
        withStorage(open, async (storage) => {
          const wanted = makeRecord({ [name]: value });
          const nullable = name === 'method' ? 'PUT' : null;
          await storeAll(storage, [makeRecord({ [name]: other }), wanted, makeRecord({ [name]: nullable })]);
          expect(await idsOf(storage, { [name]: value })).to.deep.equal([wanted.id]);
        }),
      );

      it(
        `finds nothing where no record has the ${name}`,
        withStorage(open, async (storage) => {
          await storeAll(storage, [makeRecord({ [name]: value })]);
          expect(await idsOf(storage, { [name]: typeof value === 'number' ? 201 : 'no such' })).to.deep.equal(
            [],
          );
        }),
      );

      if (name === 'method') continue;
      it(
        `finds just the records without a ${name} for null, and tells them from empty text`,
        withStorage(open, async (storage) => {
          const wanted = makeRecord({ [name]: null });
          const others = [makeRecord({ [name]: value })];
          if (name !== 'status') others.push(makeRecord({ [name]: '' }), makeRecord({ [name]: 'null' }));
          await storeAll(storage, [...others, wanted]);
          expect(await idsOf(storage, { [name]: null })).to.deep.equal([wanted.id]);
        }),
      );
    }

    it(
      'finds the records that pass all of several filters, within the dates and the page',
      withStorage(open, async (storage) => {
        const day = new Date('2026-03-02T00:00:00.000Z');
        const matching = { status: 500, username: null, route: '/a', date: day };
        const wanted = [makeRecord(matching), makeRecord(matching)];
        await storeAll(storage, [
          ...wanted,
          makeRecord({ ...matching, status: 501 }),
          makeRecord({ ...matching, username: 'ada' }),
          makeRecord({ ...matching, route: '/b' }),
          makeRecord({ ...matching, date: new Date(day.getTime() - 1) }),
        ]);
        const query: UsageQuery = { status: 500, username: null, route: '/a', method: 'GET', startDate: day };
        const expected = wanted.map(({ id }) => id).toReversed();
        expect(await idsOf(storage, query)).to.deep.equal(expected);
        expect(await idsOf(storage, { ...query, limit: 1, page: 2 })).to.deep.equal(expected.slice(1));
        expect(await idsOf(storage, { ...query, action: 'two' })).to.deep.equal([]);
      }),
    );

    it(
      'finds a record by the text that it was made of, also where that was cut or cleaned',
      withStorage(open, async (storage) => {
        for (const name of FILTERS) {
          if (name === 'status') continue;
          for (const text of ['x'.repeat(5000), '😀'.repeat(5000), 'a\0b\0', 'a\ud83db\ude00c', '\0']) {
            const record = makeRecord({ [name]: text });
            await storeAll(storage, [record]);
            expect(await idsOf(storage, { [name]: text, limit: 1 })).to.deep.equal([record.id]);
            expect(await idsOf(storage, { [name]: record[name], limit: 1 })).to.deep.equal([record.id]);
          }
        }
      }),
    );

    it(
      'takes hostile text as nothing but text',
      withStorage(open, async (storage) => {
        const records = HOSTILE_TEXTS.map(([, text]) => makeRecord({ username: text, route: text }));
        await storeAll(storage, records);
        for (const { id, username, route } of records) {
          expect(await idsOf(storage, { username, route })).to.deep.equal([id]);
        }
        for (const [index, [, text]] of HOSTILE_TEXTS.entries()) {
          expect(await idsOf(storage, { username: text, route: text })).to.deep.equal([records[index]?.id]);
        }
        expect(await idsOf(storage, { username: '%' })).to.deep.equal([]);
        expect(await idsOf(storage, { username: "' or '1'='1" })).to.deep.equal([]);
        expect(await idsOf(storage)).to.have.lengthOf(records.length);
      }),
    );
  });
}
