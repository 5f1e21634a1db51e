import { resolve } from 'node:path';
import { expect } from 'chai';
import { run } from '../support/run.js';

describe('The page on the command line', () => {
  it('says what the commands say of themselves', async () => {
    const script = resolve('scripts/write-cli-docs.mjs');
    expect(await run(process.execPath, [script, '--check'])).to.deep.equal({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });
});
