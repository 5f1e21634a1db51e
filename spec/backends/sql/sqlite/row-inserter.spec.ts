import { expect } from 'chai';
import type { NativeDatabase } from '../../../../src/backends/sql/sqlite/native-client.js';
import { RowPacker, unpackRows } from '../../../../src/backends/sql/sqlite/packed-rows.js';
import { RowInserter } from '../../../../src/backends/sql/sqlite/row-inserter.js';
import { SQLITE_CLIENTS, openNative } from '../../../support/sqlite.js';

/** Columns beside the id: more shapes of rows than may have statements of their own. */
const COLUMNS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

const namesOf = (names: readonly string[]): { readonly name: string }[] => names.map((name) => ({ name }));

for (const [client, driver] of SQLITE_CLIENTS) {
  describe(`backends/sql/sqlite/row-inserter on ${client}`, () => {
    let connection: Awaited<ReturnType<typeof openNative>>;
    let database: NativeDatabase;
    let inserter: RowInserter;

    beforeEach(async () => {
      connection = await openNative(':memory:', driver);
      ({ database } = connection);
      const columns = COLUMNS.map((name) => `${name} default 'default'`).join(', ');
      database.exec(`create table t (id text primary key, ${columns}, check (a <> 'wrong'))`);
      inserter = new RowInserter(database, { name: 't', columns: namesOf(['id', ...COLUMNS]) });
    });

    afterEach(() => connection.close());

    function rows(): unknown[] {
      return database.prepare('select * from t order by id').all();
    }

    /** A row whose columns are null where `nulls` has a bit for them. */
    function rowWith(index: number, nulls: number): Parameters<RowInserter['transact']>[0] {
      const values = COLUMNS.map((name, column) => (nulls & (1 << column) ? null : `${name}${index}`));
      return (add) => add([`id ${String(index).padStart(3, '0')}`, ...values], index);
    }

    it('keeps null as null in every column, in more shapes than have statements of their own', () => {
      const shapes = Array.from({ length: 2 ** COLUMNS.length }, (_, nulls) => nulls);
      const refused = inserter.transact((add) => {
        for (const nulls of [...shapes, ...shapes]) rowWith(nulls, nulls)(add);
      });
      expect(refused).to.deep.equal([]);
      expect(rows()).to.deep.equal(
        shapes.map((nulls) =>
          Object.fromEntries([
            ['id', `id ${String(nulls).padStart(3, '0')}`],
            ...COLUMNS.map(
              (name, column) => [name, nulls & (1 << column) ? null : `${name}${nulls}`] as const,
            ),
          ]),
        ),
      );
    });

    it('refuses the rows that the table does not take, by their number, wherever they stand', () => {
      const wrong = new Set([2, 5, 6, 9]);
      const refused = inserter.transact((add) => {
        for (let index = 0; index < 10; index += 1) {
          const [first = '', ...rest] = COLUMNS.map((name) => `${name}${index}`);
          add([`id ${index}`, wrong.has(index) ? 'wrong' : first, ...rest], index);
        }
      });
      expect(refused.map(({ index }) => index)).to.have.members([...wrong]);
      for (const { error } of refused) expect(error.message).to.include('CHECK constraint failed');
      expect(rows()).to.have.lengthOf(6);
    });

    it('stores nothing of a transaction that fails, nor later', () => {
      expect(() =>
        inserter.transact((add) => {
          for (let index = 0; index < 6; index += 1) rowWith(index, 0)(add);
          throw new Error('no');
        }),
      ).to.throw('no');
      expect(database.inTransaction).to.equal(false);
      inserter.transact(rowWith(7, 0));
      expect(rows()).to.have.lengthOf(1);
    });

    for (const width of [31, 32, 33, 64, 65, 100]) {
      it(`keeps null, false and true in each of ${width} columns, through the way to the thread`, () => {
        const names = Array.from({ length: width - 1 }, (_, column) => `c${column}`);
        database.exec(`create table wide (id text primary key, ${names.join(', ')})`);
        const wide = new RowInserter(database, { name: 'wide', columns: namesOf(['id', ...names]) });
        const given = [null, 0, 1].flatMap((value) =>
          [null, 0, 1].flatMap((rest) =>
            names.map((name) => names.map((other) => (other === name ? value : rest))),
          ),
        );
        const packer = new RowPacker();
        for (const [index, values] of given.entries()) packer.add([`${index}`, ...values]);
        const refused = wide.transact((add) => {
          for (const row of unpackRows(packer.pack(), width)) add(row, 0);
        });
        expect(refused).to.deep.equal([]);
        const found = database.prepare('select * from wide order by cast(id as integer)').all();
        expect(found.map((row) => Object.values(row as object).slice(1))).to.deep.equal(given);
      });
    }

    it('says at once that there is no such table', () => {
      expect(() => new RowInserter(database, { name: 'none', columns: namesOf(['id']) })).to.throw(
        'no such table',
      );
    });
  });
}
