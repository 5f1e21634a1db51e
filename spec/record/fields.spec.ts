import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { BLANK, FIELD_ENTRIES } from '../../src/record/fields.js';
import { makeRecord } from '../support/records.js';

const NAMES = FIELD_ENTRIES.map(([name]) => name);

describe('The table of fields', () => {
  it('has the fields of a record in their order', () => {
    expect(Object.keys(makeRecord())).to.deep.equal(NAMES);
    expect(Object.keys(BLANK)).to.deep.equal(NAMES);
  });

  it('makes the blank record', () => {
    for (const [name, { blank }] of FIELD_ENTRIES) expect(BLANK[name], name).to.deep.equal(blank);
  });

  it('is what the README says is stored', async () => {
    const page = await readFile('README.md', 'utf8');
    const [, table = ''] = /\n\| field +\| what it holds +\|\n([^]*?)\n\n/.exec(page) ?? [];
    const named = table.split('\n').flatMap((row) => row.split('|')[1]?.match(/(?<=`)\w+(?=`)/g) ?? []);
    expect(named).to.have.members(NAMES);
  });
});
