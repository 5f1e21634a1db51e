import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { cliPage } from '../../src/cli/docs-page.js';

describe('The page on the command line', () => {
  it('says what the commands say of themselves', async () => {
    const page = await readFile('docs/cli.md', 'utf8');
    expect(
      page === cliPage(),
      'docs/cli.md is up to date: node scripts/write-cli-docs.mjs writes it anew',
    ).to.equal(true);
  });
});
