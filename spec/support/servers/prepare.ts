/** A program: gets and builds what can be, and tries each server once, so that the specs find it ready. */
import { TestBrowser } from './chromium.js';
import { fetchClickHouse } from './clickhouse.js';
import { fetchMySql } from './mysql.js';
import { fetchSecantusDB } from './secantusdb.js';
import { isStrict } from '../pending.js';
import { type EngineName, isRequired, missing, NoServer, sharedServer, stopShared } from '../servers.js';

const NAMES: readonly EngineName[] = [
  'postgresql',
  'mariadb',
  'mysql',
  'mongodb',
  'secantusdb',
  'clickhouse',
  'nats',
];

const FETCHED = { mysql: fetchMySql, clickhouse: fetchClickHouse, secantusdb: fetchSecantusDB } as const;

for (const name of ['mysql', 'clickhouse', 'secantusdb'] as const) {
  if (missing(name) === undefined) continue;
  await FETCHED[name]().catch(({ message }: Error) => {
    process.stdout.write(`${name} cannot be fetched: ${message}\n`);
  });
}

/** Says what was found, or why there is nothing. */
async function attempt(isNeeded: boolean, open: () => Promise<unknown>): Promise<void> {
  try {
    await open();
  } catch (error) {
    if (!(error instanceof NoServer)) throw error;
    process.stdout.write(`${error.message}\n`);
    if (isNeeded) process.exitCode = 1;
  }
}

for (const name of NAMES) await attempt(isRequired(name), () => sharedServer(name));
await stopShared();
await attempt(isStrict(), async () => {
  const browser = await TestBrowser.launch();
  process.stdout.write(`${browser.description}\n`);
  await browser.dispose();
});
