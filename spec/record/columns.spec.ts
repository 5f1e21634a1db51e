import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { USAGE_COLUMNS, valuesOf } from '../../src/record/columns.js';
import type { UsageRecord } from '../../src/record/usage-record.js';

/** A record with another value in each field, in whatever order it has them. */
const RECORD = Object.fromEntries(
  USAGE_COLUMNS.toReversed().map(({ property, kind }) => [
    property,
    kind === 'json' ? { [property]: property } : property,
  ]),
);

describe('The columns of a record', () => {
  it('have what the record has in the field of their name', () => {
    const { uaBrowser, uaVersion, uaPlatform, uaLanguage, uaString, ...fields } = RECORD;
    const userAgent = {
      browser: uaBrowser,
      version: uaVersion,
      platform: uaPlatform,
      language: uaLanguage,
      string: uaString,
    };
    const values = valuesOf({ ...fields, userAgent } as unknown as UsageRecord);
    for (const [index, { property, kind }] of USAGE_COLUMNS.entries()) {
      const value = RECORD[property];
      expect(values[index], property).to.equal(kind === 'json' ? JSON.stringify(value) : value);
    }
    expect(values).to.have.lengthOf(USAGE_COLUMNS.length);
  });

  it('are those that docs/recipes.md names', async () => {
    const page = await readFile('docs/recipes.md', 'utf8');
    const [, list = ''] = /The columns are the record's fields([^]*?)Documents of MongoDB/.exec(page) ?? [];
    const named = new Set(list.match(/(?<=`)[a-z_]+(?=`)/g));
    expect([...named]).to.have.members(USAGE_COLUMNS.map(({ name }) => name));
  });
});
