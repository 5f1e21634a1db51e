import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { type IpPolicy, PrinterStorage, type UsageRecord, type UsageStorage } from '../src/index.js';
import { encodeRecord } from '../src/record/wire.js';
import { askRaw } from './support/raw-http.js';
import { serveHandler } from './support/serve-handler.js';
import type { Served } from './support/serve.js';
import { type TemporaryFolder, connectSqlite, temporaryFolder } from './support/sqlite.js';
import { until } from './support/until.js';

/** How a client and a proxy between them are written in headers, and what may not be found anywhere. */
const CLIENTS = [
  { header: 'X-Forwarded-For: 203.0.113.77, 127.0.0.9', secrets: ['203.0.113.77', '127.0.0.9'] },
  { header: 'X-Forwarded-For: [::ffff:203.0.113.78]:80', secrets: ['203.0.113.78', 'cb00:714e'] },
  { header: 'Forwarded: for="[2001:db8:1:2:3:4:5:6]:4711"', secrets: ['2001:db8:1:2'] },
  { header: 'Forwarded: for=198.51.100.99;by=127.0.0.1', secrets: ['198.51.100.99'] },
] as const;
const SECRETS = [...CLIENTS.flatMap(({ secrets }) => secrets), '127.0.0.1'];

describe('What leaves the process', () => {
  let folder: TemporaryFolder;
  let served: Served;
  const lines: string[] = [];
  const line = (text: string): void => void lines.push(text);
  const written = new Writable({
    write(chunk: Buffer, _, done) {
      line(chunk.toString());
      done();
    },
  });

  beforeEach(async () => {
    folder = await temporaryFolder();
    lines.splice(0);
  });

  afterEach(async () => {
    await served.close();
    await folder.remove();
  });

  /** Every byte of every file, as Latin-1. */
  async function filesAsText(): Promise<string> {
    const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).join())
      .to.match(/\.ndjson/)
      .and.match(/usage\.db/);
    const texts = await Promise.all(
      files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')),
    );
    return texts.join('\n');
  }

  /** Asks as every client, with storages that store, print and fail, and returns all that can be seen from outside. */
  async function everythingUnder(ip: IpPolicy): Promise<string> {
    const received: UsageRecord[] = [];
    const failing: UsageStorage = {
      name: 'failing',
      store(batch) {
        received.push(...batch);
        throw new Error(`cannot store ${batch.map(encodeRecord).join()}`);
      },
    };
    const printer = new PrinterStorage({ output: written, format: 'json' });
    const sqlite = await connectSqlite(folder.file('usage.db'));
    served = await serveHandler((ctx) => void (ctx.body = 'ok'), {
      storage: [sqlite, printer, failing],
      ip,
      trustProxy(address) {
        if (!address.startsWith('127.')) throw new Error(`a stranger: ${address}`);
        return true;
      },
      spool: { dir: folder.file('s'), mode: 'wal' },
      logger: { warn: line, error: line },
    });
    served.usage.tracker.on('error', ({ error }) => line(error.message));
    served.usage.tracker.on('drop', (event) => line(JSON.stringify(event)));
    for (const { header } of CLIENTS) await askRaw(served.port, '/', [header]);
    await askRaw(served.port, '/');
    await served.records();
    await until(() => received.length >= CLIENTS.length + 1, 'every record was handed to a storage');
    expect(lines.join('\n')).to.include('cannot store');
    // Where no address is kept, nobody is asked whose it is.
    if (ip !== 'none') expect(lines.join('\n')).to.include("'trustProxy' failed");
    return [await filesAsText(), ...received.map(encodeRecord), ...lines].join('\n');
  }

  it('holds the full addresses where the policy keeps them, or this spec would see nothing', async () => {
    const text = await everythingUnder('full');
    for (const secret of [
      '203.0.113.77',
      '203.0.113.78',
      '2001:db8:1:2:3:4:5:6',
      '198.51.100.99',
      '127.0.0.1',
    ])
      expect(text).to.include(secret);
  });

  it('holds networks alone where the policy truncates', async () => {
    const text = await everythingUnder('truncate');
    for (const secret of SECRETS) expect(text).to.not.include(secret);
    for (const network of ['203.0.113.0', '2001:db8:1::', '198.51.100.0', '127.0.0.0'])
      expect(text).to.include(network);
  });

  it('holds no part of an address where the policy keeps none', async () => {
    const text = await everythingUnder('none');
    for (const part of ['203.0.113', '2001:db8', '198.51.100', '127.0.0', ...SECRETS])
      expect(text).to.not.include(part);
  });
});
