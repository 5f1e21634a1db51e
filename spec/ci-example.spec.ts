import { copyFile, readFile, readdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { Get, JsonController } from 'routing-controllers';
import { TrackedController } from '../src/index.js';
import { runShop } from './support/checked-shop.js';
import { type Ended, run } from './support/run.js';
import { type TemporaryFolder, temporaryFolder } from './support/sqlite.js';

const EXAMPLE = resolve('examples/ci');
const PROGRAM = 'npx koa-track-usage';

@JsonController('/orders')
@TrackedController()
class OldOrderController {
  @Get('/:id/invoice') invoice(): object {
    return {};
  }
}

/** The classes that the example's controllers are. */
async function exampleControllers(): Promise<Function[]> {
  const folder = join(EXAMPLE, 'dist/controllers');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.js'));
  const modules = await Promise.all(files.map((name) => import(pathToFileURL(join(folder, name)).href)));
  return modules.flatMap((module) => Object.values(module as Record<string, Function>));
}

/** The commands of the workflow that call this package, in their order. */
async function commandsOfWorkflow(): Promise<string[]> {
  const workflow = await readFile(join(EXAMPLE, '.github/workflows/usage.yml'), 'utf8');
  const folded = [...workflow.matchAll(/^( +)run: >-\n((?:\1 {2}.*\n)+)/gm)].map(([, , lines = '']) =>
    lines.trim().replaceAll(/\n */g, ' '),
  );
  return folded.filter((command) => command.startsWith(PROGRAM));
}

describe('The example of a workflow', function () {
  this.timeout(60_000);
  let folder: TemporaryFolder;
  let commands: string[];

  before(async () => {
    folder = await temporaryFolder();
    await symlink(join(EXAMPLE, 'dist'), folder.file('dist'));
    await copyFile(join(EXAMPLE, 'usage-inventory.json'), folder.file('usage-inventory.json'));
    commands = await commandsOfWorkflow();
    const controllers = await exampleControllers();
    await runShop(folder.file('same.db'), controllers, ['/api/orders', '/api/users/me']);
    await runShop(folder.file('old.db'), [...controllers, OldOrderController], ['/api/orders/7/invoice']);
  });

  after(() => folder.remove());

  /** Runs a command as GitHub does: in bash, with the secret in the environment. */
  function runCommand(command = '', database = 'same.db'): Promise<Ended> {
    const program = `'${process.execPath}' '${resolve('dist/cli/main.js')}'`;
    return run('bash', ['-e', '-c', command.replace(PROGRAM, program)], folder.path, {
      USAGE_DATABASE_URL: `sqlite:${folder.file(database)}`,
      GITHUB_STEP_SUMMARY: folder.file('summary.md'),
    });
  }

  it('holds the tracking against its file, and the build against those who call', () => {
    expect(commands.map((command) => command.split(' ')[2])).to.deep.equal(['inventory', 'check']);
  });

  it('passes where the build tracks what the file says, and takes nothing away', async () => {
    for (const command of commands) {
      const { code, stdout, stderr } = await runCommand(command);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout).to.match(/^(?:::notice title=[^\n]*\n)+$/);
    }
    expect((await runCommand(commands[1])).stdout).to.include(
      '1 plain route not looked at, as controllers do not tell of them',
    );
  });

  it('fails where the build takes away what is called, with an annotation, a summary and a report', async () => {
    const { code, stdout } = await runCommand(commands[1], 'old.db');
    expect(code).to.equal(1);
    expect(stdout).to.match(
      /^::error title=Endpoint needed::GET \/api\/orders\/:id\/invoice is removed: used, 1 call, 1 caller, last call [\d-]+\.$/m,
    );
    expect(await readFile(folder.file('summary.md'), 'utf8')).to.include('| needed | removed |');
    expect(await readFile(folder.file('usage.xml'), 'utf8')).to.include('failures="1"');
  });
});
