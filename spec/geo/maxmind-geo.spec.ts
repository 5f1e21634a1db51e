import { unwatchFile, watchFile } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type GeoInfo, type GeoSource, type MaxmindGeoOptions, maxmindGeo } from '../../src/geo/index.js';
import { caught } from '../support/caught.js';
import { type MmdbValue, writeMmdb } from '../support/mmdb.js';
import { type TemporaryFolder, temporaryFolder } from '../support/sqlite.js';
import { until } from '../support/until.js';

const ZURICH = {
  country: { iso_code: 'CH', names: { de: 'Schweiz', en: 'Switzerland' } },
  subdivisions: [{ iso_code: 'ZH', names: { en: 'Zurich' } }, { names: { en: 'District' } }],
  city: { names: { en: 'Zürich' } },
  location: { latitude: 47.37, longitude: 8.54, time_zone: 'Europe/Zurich' },
};

const country = (code: string): MmdbValue => ({ country: { iso_code: code } });

const NEVER = new AbortController().signal;

describe('maxmindGeo', () => {
  let folder: TemporaryFolder;
  let path: string;
  const sources: GeoSource[] = [];

  beforeEach(async () => {
    folder = await temporaryFolder();
    path = folder.file('city.mmdb');
  });

  afterEach(async () => {
    for (const source of sources.splice(0)) source.close();
    await folder.remove();
  });

  function make(options: Partial<MaxmindGeoOptions> = {}): GeoSource {
    const source = maxmindGeo({ path, watchIntervalMs: 100, ...options });
    sources.push(source);
    return source;
  }

  async function ask(source: GeoSource, address = '8.8.8.8'): Promise<unknown> {
    return source(address, NEVER);
  }

  /** Changes the file, and waits until its watchers have been told. */
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

  it('tells the country, the region, the city, the place and the time zone', async () => {
    await replace({ '8.8.8.0/24': ZURICH });
    expect(await ask(make())).to.deep.equal({
      countryCode: 'CH',
      countryName: 'Switzerland',
      region: 'Zurich',
      city: 'Zürich',
      latitude: 47.37,
      longitude: 8.54,
      timeZone: 'Europe/Zurich',
    });
  });

  it('tells what a database of countries knows', async () => {
    await replace({ '8.8.8.0/24': { country: ZURICH.country } });
    expect(await ask(make())).to.deep.equal({ countryCode: 'CH', countryName: 'Switzerland' });
  });

  it('answers null for an address that the database does not have, or says nothing of', async () => {
    await replace({ '8.8.8.0/24': ZURICH, '9.9.9.0/24': { autonomous_system_number: 19281 } });
    const source = make();
    expect(await ask(source, '8.8.9.8')).to.equal(null);
    expect(await ask(source, '9.9.9.9')).to.equal(null);
    expect(await ask(source, '2606:4700::1111')).to.equal(null);
  });

  it('follows the file when it is replaced, and stays with the last one that could be read', async () => {
    await replace({ '8.8.8.0/24': country('CH') });
    const source = make();
    const says = async (code: string): Promise<boolean> =>
      ((await ask(source)) as GeoInfo).countryCode === code;
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
    const source = make();
    const missing = (await caught(ask(source))) as Error & { code?: string };
    expect(missing.code).to.equal('GEO_SOURCE');
    expect(missing.message).to.contain(`the file '${path}' cannot be opened as a MaxMind database (ENOENT`);
    await writeFile(path, 'no database');
    expect((await caught(ask(source))).message).to.contain('cannot be opened as a MaxMind database');
    await replace({ '8.8.8.0/24': country('CH') });
    expect(await ask(source)).to.deep.equal({ countryCode: 'CH' });
  });

  it('looks nothing up any more when it is closed, whatever becomes of the file', async () => {
    await replace({ '8.8.8.0/24': country('CH') });
    const source = make();
    expect(await ask(source, '9.9.9.9')).to.equal(null);
    source.close();
    await noticed(() => replace({ '8.8.8.0/24': country('FR') }));
    const error = await caught(ask(source));
    expect(error).to.have.property('code', 'GEO_SOURCE');
    expect(error.message).to.contain(`the file '${path}' was closed`);
  });
});
