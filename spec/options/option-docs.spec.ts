import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type OptionKind, kindsOf } from '../../src/option-reader.js';
import { OPTION_TABLES } from '../support/option-tables.js';

const DAY_MS = 86_400_000;
const BINARY = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const;

/** A number as people read it. */
function human(value: number, { unit }: OptionKind): string {
  const days = value / DAY_MS;
  if (unit === 'milliseconds' && days >= 1 && Number.isInteger(days))
    return days === 1 ? 'a day' : days === 365 ? 'a year' : `${days} days`;
  const binary = unit === 'bytes' ? BINARY.find(([, size]) => value % size === 0) : undefined;
  return binary === undefined ? value.toLocaleString('en-US') : `${value / binary[1]} ${binary[0]}`;
}

/** The bounds of an option; null if it has none. */
function boundsOf(kind: OptionKind): string | null {
  const { min, max } = kind;
  return min === undefined || max === undefined ? null : `${human(min, kind)} to ${human(max, kind)}`;
}

/** A default that is data, as it is written in code; null for any other. */
function literalOf(kind: OptionKind): string | null {
  const { default: value, table } = kind;
  if (isDuration(kind)) return null;
  if (typeof value === 'number') return value.toLocaleString('en-US').replaceAll(',', '_');
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'boolean') return String(value);
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return table === undefined && isEmpty && !('write' in value) ? (Array.isArray(value) ? '[]' : '{}') : null;
}

/** Whether an option is a time that something is kept for, in one of several units. */
function isDuration({ expected }: OptionKind): boolean {
  return expected.startsWith('one of { days }');
}

/** What an option makes of a duration as it is written, such as `{ days: 90 }`; undefined where none is. */
function durationIn(text: string | null, { convert }: OptionKind): unknown {
  const [, unit, count] = /^`?\{ (\w+): (\d+) \}`?$/.exec(text ?? '') ?? [];
  return unit && convert?.({ [unit]: Number(count) } as never, { subject: '', name: '' });
}

/** The docstrings of a source's fields, by the names of class and field, the mark of what may be left out included. */
function docstringsOf(source: string): [name: string, docstring: string][] {
  return source.split(/^export class /m).flatMap((part) => {
    const owner = /^\w+/.exec(part)?.[0] ?? '';
    const fields = part.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s+readonly (\w+\??) =/g);
    return [...fields].map(([, text = '', name = '']): [string, string] => [
      `${owner}.${name}`,
      text.replaceAll(/\s+\*?\s*/g, ' '),
    ]);
  });
}

/** The rows of a page's tables of options, by the function and the option's name. */
function rowsOf(page: string): Map<string, { readonly cells: string[]; readonly header: string[] }> {
  const rows = new Map<string, { cells: string[]; header: string[] }>();
  let header: string[] = [];
  for (const line of page.split('\n')) {
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells.length === 0) header = [];
    else if (header.length === 0) header = cells;
    const subject = /^`(.*)\(\{ … \}\)`$/.exec(header[0] ?? '')?.[1];
    const name = /^`([\w.]+)`$/.exec(cells[0] ?? '')?.[1];
    if (subject !== undefined && name !== undefined) rows.set(`${subject} ${name}`, { cells, header });
  }
  return rows;
}

/** Whose options the page lists under another name, or with another function. */
const LISTED_AS: Readonly<Record<string, string | null>> = {
  '@Tracked()': '@Tracked',
  'deprecated()': '@Deprecated',
  'new SqlStorage(orm, options)': null,
  'new MongoPiggybackStorage(…, options)': null,
  'new ClickHouseStorage(client, options)': null,
  // docs/dashboard.md lists them.
  usageDashboard: null,
  basicAuth: null,
};

describe('What is said of options', () => {
  const docstrings = new Map<string, string>();
  let rows: ReturnType<typeof rowsOf>;

  before(async () => {
    for (const file of await readdir('src', { recursive: true }))
      if (file.endsWith('.ts'))
        for (const [name, text] of docstringsOf(await readFile(join('src', file), 'utf8')))
          docstrings.set(name, text);
    rows = rowsOf(await readFile('docs/options.md', 'utf8'));
  });

  for (const { subject, holder, table } of OPTION_TABLES) {
    const listed = subject in LISTED_AS ? LISTED_AS[subject] : subject;
    for (const [name, kind] of Object.entries(kindsOf(table))) {
      const full = holder === undefined ? name : `${holder}.${name}`;
      const [bounds, literal] = [boundsOf(kind), literalOf(kind)];

      it(`is in the docstring of ${full} of ${subject}`, () => {
        const owners = [table, Object.getPrototypeOf(table) as typeof table];
        const field = kind.isRequired ? name : `${name}?`;
        const text = owners.map((owner) => docstrings.get(`${owner.name}.${field}`)).find(Boolean) ?? '';
        expect(text).to.not.equal('');
        if (bounds !== null) expect(text).to.match(new RegExp(`\\b[Ff]rom ${bounds}`));
        if (kind.unit !== undefined) expect(text.toLowerCase()).to.include(kind.unit);
        const said = /@default ('[^']*'|[\d_]+|true|false|\[\]|\{\}|\{ \w+: \d+ \}) /.exec(text)?.[1] ?? null;
        // What is null by default is off, and may be documented as false, as may a group of options that does nothing.
        if (isDuration(kind)) expect(durationIn(said, kind)).to.equal(kind.default);
        else if (literal !== null || kind.default === undefined) expect(said).to.equal(literal);
      });

      if (listed === null) continue;
      it(`is in docs/options.md of ${full} of ${subject}`, () => {
        const row = rows.get(`${listed} ${full}`);
        expect(row, `a row for '${full}' below \`${listed}({ … })\``).to.not.equal(undefined);
        const { header = [], cells = [] } = row ?? {};
        const cell = (title: string): string | undefined => cells[header.indexOf(title)];
        expect(cell('default') === '–').to.equal(kind.isRequired === true);
        if (isDuration(kind)) expect(durationIn(cell('default') ?? null, kind)).to.equal(kind.default);
        else if (typeof kind.default === 'number')
          expect(cell('default')).to.equal(human(kind.default, kind));
        else if (literal !== null) expect(cell('default')).to.equal(`\`${literal}\``);
        if (bounds !== null) expect(cell('bounds')).to.equal(bounds);
        for (const value of kind.values ?? []) expect(cells.join(' ')).to.include(`\`'${value}'`);
      });
    }
  }

  it('is of no option that does not exist', () => {
    const known = OPTION_TABLES.flatMap(({ subject, holder, table }) =>
      Object.keys(kindsOf(table)).map(
        (name) => `${LISTED_AS[subject] ?? subject} ${holder === undefined ? '' : `${holder}.`}${name}`,
      ),
    );
    expect(known).to.include.members([...rows.keys()]);
    expect(rows.size).to.be.greaterThan(60);
  });
});
