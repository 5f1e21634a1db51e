import { expect } from 'chai';
import { Get, JsonController, Param } from 'routing-controllers';
import { TrackedController } from '../src/index.js';
import type { SqlStorage } from '../src/backends/sql/index.js';
import { MemoryStorage } from '../src/testing/memory-storage.js';
import { askRaw } from './support/raw-http.js';
import { type Served, serve } from './support/serve.js';
import { type TemporaryFolder, connectSqlite, temporaryFolder } from './support/sqlite.js';

@TrackedController()
@JsonController('/notes')
class NoteController {
  @Get('/:name')
  one(@Param('name') name: string): object {
    return { length: name.length };
  }
}

const basic = (credentials: string): string =>
  `Authorization: Basic ${Buffer.from(credentials).toString('base64')}`;

/** Targets and headers as strangers write them. */
const REQUESTS: readonly (readonly [target: string, headers?: string[]])[] = [
  ['/notes/plain'],
  ['/notes/%E0%A4%A'],
  ['/notes/a%00b'],
  ['/notes/%F0%9F%98%80?page=%F0%9F%98%80'],
  ["/notes/';drop%20table%20koa_usage;--"],
  ['/notes/x?__proto__=1&a[__proto__][x]=1&page=1&page=2'],
  ['/notes/x?page=%00%ED%A0%80%22%5C', [basic('bob:pw')]],
  [`/notes/x?page=${'y'.repeat(9000)}`],
  [`/${'p'.repeat(9000)}`],
  ['*'],
  ['http://user:pw@elsewhere/notes/abs?page=1'],
  ['/notes/ua', [`User-Agent: ${'U'.repeat(9000)}`]],
  ['/notes/ua', [`User-Agent: ${Buffer.from('Zoë 😀').toString('latin1')}`, 'Accept-Language: ;;q=,']],
  ['/notes/ua', ['User-Agent: \u00ff\u00fe']],
  ['/notes/user', [basic('\u0000\u001b[31m\ud83d\ude00"\':pw')]],
  ['/notes/user', [basic(`${'n'.repeat(2000)}:pw`)]],
];

describe('What strangers send', () => {
  let folder: TemporaryFolder;
  let sql: SqlStorage;
  let served: Served;

  before(async () => {
    folder = await temporaryFolder();
    sql = await connectSqlite(folder.file('usage.db'));
  });

  after(async () => {
    await served.close();
    await folder.remove();
  });

  it('is read back from SQLite as it was recorded, to the bit', async () => {
    const memory = new MemoryStorage();
    served = await serve({
      controllers: [NoteController],
      tracker: {
        storage: [memory, sql],
        defaultPolicy: 'include',
        trackUnmatched: true,
        query: ['page', '__proto__', 'a[__proto__][x]'],
      },
    });
    for (const [target, headers = []] of REQUESTS) {
      expect(await askRaw(served.port, target, headers), target).to.match(/^HTTP\/1\.1 /);
    }
    await served.records();
    const recorded = await memory.getUsage();
    expect(recorded).to.have.length(REQUESTS.length);
    expect(await sql.reader.getUsage()).to.deep.equal(recorded);
    expect(JSON.stringify(recorded)).to.not.match(/:pw|user:pw/);
    expect(Object.prototype).to.not.have.property('x');
  });
});
