import { rename, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type GeoSource, type MaxmindGeoOptions, maxmindGeo } from '../../src/geo/index.js';
import { caught } from '../support/caught.js';
import { type MmdbValue, writeMmdb } from '../support/mmdb.js';
import { type TemporaryFolder, temporaryFolder } from '../support/sqlite.js';

const ZURICH = {
  country: { iso_code: 'CH', names: { de: 'Schweiz', en: 'Switzerland' } },
  subdivisions: [{ iso_code: 'ZH', names: { en: 'Zurich' } }, { names: { en: 'District' } }],
  city: { names: { en: 'Zürich' } },
  location: { latitude: 47.37, longitude: 8.54, time_zone: 'Europe/Zurich' },
};

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

  it('looks nothing up any more when it is closed', async () => {
    await replace({ '8.8.8.0/24': ZURICH });
    const source = make();
    await ask(source);
    source.close();
    expect((await caught(ask(source))).message).to.contain('was closed');
  });
});
