import { unwatchFile, watchFile } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { MaxmindDatabase } from '../../src/geo/maxmind-database.js';
import { caught } from '../support/caught.js';
import { type MmdbValue, writeMmdb } from '../support/mmdb.js';
import { type TemporaryFolder, temporaryFolder } from '../support/sqlite.js';
import { until } from '../support/until.js';

const country = (code: string): MmdbValue => ({ country: { iso_code: code } });

describe('MaxmindDatabase', () => {
  let folder: TemporaryFolder;
  let path: string;
  const databases: MaxmindDatabase[] = [];

  beforeEach(async () => {
    folder = await temporaryFolder();
    path = folder.file('city.mmdb');
  });

  afterEach(async () => {
    for (const database of databases.splice(0)) database.close();
    await folder.remove();
  });

  function make(): MaxmindDatabase {
    const database = new MaxmindDatabase(path, 100);
    databases.push(database);
    return database;
  }

  /** Changes the file, and waits until whoever watches it has been told. */
  async function noticed(change: () => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const listener = (): void => resolve();
    watchFile(path, { interval: 100 }, listener);
    await change();
    await promise;
    unwatchFile(path, listener);
  }

  /** Puts a database in the file's place at once, as updaters do. */
  async function replace(networks: Record<string, MmdbValue>): Promise<void> {
    await writeFile(`${path}.new`, writeMmdb(networks));
    await rename(`${path}.new`, path);
  }

  it('follows the file when it is replaced, and stays with the last one that could be read', async () => {
    await replace({ '8.8.8.0/24': country('CH') });
    const database = make();
    const says = async (code: string): Promise<boolean> =>
      (await database.find('8.8.8.8'))?.country?.iso_code === code;
    expect(await says('CH')).to.equal(true);

    await replace({ '8.8.8.0/24': country('FR') });
    await until(() => says('FR'), 'it follows');

    const torn = writeMmdb({ '8.8.8.0/24': country('XX') }).subarray(0, 200);
    await noticed(() => writeFile(path, torn));
    expect(await says('FR')).to.equal(true);
    await noticed(() => rm(path));
    expect(await says('FR')).to.equal(true);

    await replace({ '8.8.8.0/24': country('IT') });
    await until(() => says('IT'), 'it follows again');
  });

  it('says which file cannot be opened, and opens it when it has come', async () => {
    const database = make();
    const missing = (await caught(database.find('8.8.8.8'))) as Error & { code?: string };
    expect(missing.code).to.equal('GEO_SOURCE');
    expect(missing.message).to.contain(`the file '${path}' cannot be opened as a MaxMind database (ENOENT`);
    await writeFile(path, 'no database');
    expect((await caught(database.find('8.8.8.8'))).message).to.contain(
      'cannot be opened as a MaxMind database',
    );
    await replace({ '8.8.8.0/24': country('CH') });
    expect(await database.find('8.8.8.8')).to.deep.equal(country('CH'));
  });

  it('finds nothing any more when it is closed, whatever becomes of the file', async () => {
    await replace({ '8.8.8.0/24': country('CH') });
    const database = make();
    expect(await database.find('9.9.9.9')).to.equal(null);
    database.close();
    await noticed(() => replace({ '8.8.8.0/24': country('FR') }));
    const error = await caught(database.find('8.8.8.8'));
    expect(error).to.have.property('code', 'GEO_SOURCE');
    expect(error.message).to.contain(`the file '${path}' was closed`);
  });
});
