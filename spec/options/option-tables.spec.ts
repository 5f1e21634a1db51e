import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { type OptionKind, kindsOf, readOptions } from '../../src/option-reader.js';
import { TrackUsageError } from '../../src/errors.js';
import { thrown } from '../support/caught.js';
import { OPTION_TABLES, withRequired } from '../support/option-tables.js';

/** Values that cannot be used, by what errors expect instead. */
const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  'true or false': ['yes', 1, {}],
  'text that is not empty': ['', 5, ['a'], {}],
  'a function': ['ada', {}, /x/],
  'an object': ['ssl', true, [], () => {}],
};

/** What no option takes, and what just this one does not. */
function wrongOf(kind: OptionKind): readonly unknown[] {
  const { min, max, values } = kind;
  if (min !== undefined && max !== undefined)
    return [min - 1, max + 1, min + 0.5, String(min), Infinity, true, BigInt(min), NaN, null];
  if (values !== undefined) return ['nonsense', '', values[0]?.toUpperCase(), [values[0]], true, NaN, null];
  return [...(WRONG[kind.expected] ?? []), NaN, null];
}

for (const { subject, holder, table, use } of OPTION_TABLES) {
  const nameOf = (name: string): string => (holder === undefined ? name : `${holder}.${name}`);

  async function refusal(options: unknown): Promise<string> {
    const error = await thrown(() => use(options));
    expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_OPTION' });
    return error.message;
  }

  describe(`The options of ${subject}${holder === undefined ? '' : `, ${holder}`}`, () => {
    for (const [name, kind] of Object.entries(kindsOf(table))) {
      const read = (value: unknown): unknown =>
        readOptions(subject, table, withRequired(table, { [name]: value }), holder)[name as never];

      for (const value of wrongOf(kind)) {
        it(`refuse ${name}: ${inspect(value, { depth: 0 })}`, async () => {
          const is = kind.isSecret
            ? 'cannot be used (its value is not shown)'
            : `is ${inspect(value, { depth: 0 })}`;
          expect(await refusal(withRequired(table, { [name]: value }))).to.include(
            `${subject}: the option '${nameOf(name)}' ${is}; expected ${kind.expected}`,
          );
        });
      }

      it(`take ${name} within its bounds`, () => {
        for (const value of [kind.min, kind.max, ...(kind.values ?? [])])
          if (value !== undefined) expect(read(value)).to.equal(value);
      });

      it(kind.isRequired ? `need ${name}` : `have a default for ${name}`, async () => {
        if (kind.isRequired)
          expect(await refusal(withRequired(table, { [name]: undefined }))).to.equal(
            `${subject}: the option '${nameOf(name)}' is undefined; expected ${kind.expected}.`,
          );
        else expect(read(undefined)).to.deep.equal(kind.default);
      });
    }

    it('refuse an unknown name, and list those that exist', async () => {
      const listed = Object.keys(kindsOf(table)).map((name) => `'${nameOf(name)}'`);
      for (const unknown of ['nonsense', 'constructor', Object.keys(kindsOf(table))[0]?.toUpperCase()])
        expect(await refusal(withRequired(table, { [String(unknown)]: 5 }))).to.equal(
          `${subject}: there is no option '${nameOf(String(unknown))}' (it was given 5). The options are ${listed.join(', ')}.`,
        );
    });

    for (const value of [null, 5, 'fast', []]) {
      it(`refuse ${inspect(value)} in place of them`, async () => {
        expect(await refusal(value)).to.match(
          holder === undefined
            ? /: the option 'options' is .*; expected an object\.$/
            : new RegExp(`: the option '${holder}' is .*; expected .*an object such as \\{ \\w+ \\}\\.$`),
        );
      });
    }
  });
}

describe('The tables of options', () => {
  it('are all among those that are checked here', async () => {
    // The configuration of the command line has specs of its own.
    const files = (await readdir('src', { recursive: true })).filter(
      (file) => file.endsWith('.ts') && !file.startsWith('cli'),
    );
    const sources = await Promise.all(files.map((file) => readFile(join('src', file), 'utf8')));
    const reads =
      /\breadOptions(?:<[^>]*>)?\(\s*[^,()]+(?:\([^)]*\)[^,]*)?,\s*([A-Z]\w+)|\bgroup\(([A-Z]\w+)/g;
    const used = [...sources.join('\n').matchAll(reads)].map(([, read, held]) => read ?? held);
    const checked = new Set(OPTION_TABLES.map(({ table }) => table.name));
    expect(used.filter((name) => !checked.has(String(name)))).to.deep.equal([]);
    expect([...checked].filter((name) => !used.includes(name))).to.deep.equal([]);
  });
});
