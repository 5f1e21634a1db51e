import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { DROP_REASONS, countDropped, noDrops } from '../../../src/pipeline/telling/accounting.js';

describe('The reasons for drops', () => {
  it('begin at zero, each of them, and add up', () => {
    expect(Object.keys(noDrops())).to.deep.equal([...DROP_REASONS]);
    expect(countDropped(noDrops())).to.equal(0);
    expect(countDropped({ ...noDrops(), late: 2, refused: 3 })).to.equal(5);
  });

  it('are all explained to operators', async () => {
    const page = await readFile('docs/operations.md', 'utf8');
    for (const reason of DROP_REASONS) expect(page).to.match(new RegExp(`^\\| \`${reason}\` +\\|`, 'm'));
  });
});
