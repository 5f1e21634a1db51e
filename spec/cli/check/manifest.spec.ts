import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type CliEnd, cli } from '../../support/cli.js';
import { useTemporaryFolder } from '../../support/sqlite.js';

const CONTROLLERS = ['--controllers', 'examples/ci/dist/controllers/*.js', '--prefix', '/api'];

interface Written {
  actions: Record<string, Record<string, unknown>>;
}

describe('inventory --check', () => {
  const folder = useTemporaryFolder();

  function check(...args: readonly string[]): Promise<CliEnd> {
    return cli(['inventory', '--check', folder.file('usage-inventory.json'), ...args]);
  }

  async function write(change: (written: Written) => void): Promise<void> {
    const written = JSON.parse(await readFile('examples/ci/usage-inventory.json', 'utf8')) as Written;
    change(written);
    await writeFile(folder.file('usage-inventory.json'), JSON.stringify(written));
  }

  it('writes what decorators say, and then agrees with it', async () => {
    const updated = await check(...CONTROLLERS, '--update');
    expect(updated.stdout).to.match(/^Wrote .*usage-inventory\.json: 5 actions\.\n$/);
    const text = await readFile(folder.file('usage-inventory.json'), 'utf8');
    expect(text.endsWith('}\n')).to.equal(true);
    expect(JSON.parse(text)).to.deep.equal(
      JSON.parse(await readFile('examples/ci/usage-inventory.json', 'utf8')),
    );
    const { code, stdout } = await check(...CONTROLLERS);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^The build tracks what \S*usage-inventory\.json says\.\n$/);
  });

  it('names each action that has lost its tracking, has another policy, is new, or has gone', async () => {
    await write(({ actions }) => {
      actions['GET /api/users/health'] = { tracked: true };
      actions['GET /api/orders/:id'] = { tracked: true, ip: 'full', params: { id: 'redact' } };
      actions['GET /api/gone'] = { tracked: true };
      delete actions['GET /api/users/me'];
    });
    const { code, stdout } = await check(...CONTROLLERS);
    expect(code).to.equal(1);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(0, -1)).to.have.members([
      "GET /api/users/health is not tracked any more: tracked was true, and is as the application's options say.",
      'GET /api/orders/:id: ip was "full", and is "none".',
      'GET /api/orders/:id: query was as the application\'s options say, and is ["page"].',
      'GET /api/orders/:id: params was {"id":"redact"}, and is as the application\'s options say.',
      'GET /api/gone is not there any more.',
      'GET /api/users/me is new, and tracked.',
    ]);
    expect(lines.at(-1)).to.match(/differ in 6 things\. If that is meant, add --update\.$/);
  });

  it('prints annotations for GitHub, a line each, whatever the file has in it', async () => {
    await write(({ actions }) => void (actions['GET /\n::error::%0A\u202e'] = { tracked: true }));
    const { code, stdout } = await check(...CONTROLLERS, '--github');
    expect(code).to.equal(1);
    expect(stdout.split('\n')[0]).to.equal(
      '::error title=Tracking removed::GET /\\x0a::error::%250A\\u202e is not there any more.',
    );
    expect(stdout.trimEnd().split('\n')).to.have.lengthOf(2);
  });

  const WRONG: readonly (readonly [args: string[], problem: RegExp])[] = [
    [['inventory', '--check', 'a.json'], /Which build\? Give --controllers/],
    [['inventory', ...CONTROLLERS], /--controllers belongs to --check/],
    [['inventory', '--update'], /--update belongs to --check/],
    [['inventory', '--check', 'a.json', '--service', 'shop'], /--check and --service contradict each other/],
    [['inventory', '--check', 'a.json', '--database', 'sqlite:a.db'], /--check and --database contradict/],
    [
      ['inventory', '--check', 'none.json', ...CONTROLLERS],
      /--check names 'none\.json', which cannot be read/,
    ],
    [
      ['inventory', '--check', 'package.json', ...CONTROLLERS],
      /which tells of no tracking: it has not the form/,
    ],
    [['inventory', '--check', 'README.md', ...CONTROLLERS], /which tells of no tracking: it is no JSON/],
  ];
  for (const [args, problem] of WRONG) {
    it(`refuses ${JSON.stringify(args)}`, async () => {
      const { code, stdout, stderr } = await cli(args);
      expect(stderr).to.match(problem);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    });
  }

  it('refuses a file that tells of options of the application, which it does not know', async () => {
    await write((written) => Object.assign(written, { application: { ip: 'full' } }));
    const { code, stderr } = await check(...CONTROLLERS);
    expect(code).to.equal(2);
    expect(stderr).to.match(/writeInventory\(\) has written .* assertInventory\(\)/);
  });
});
