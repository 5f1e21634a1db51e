/** A program: gets and builds what can be, and tries each server once, so that the specs find it ready. */
import { fetchMySql } from './mysql.js';
import { fetchSecantusDB } from './secantusdb.js';
import { type EngineName, isRequired, missing, NoServer, sharedServer, stopShared } from '../servers.js';

const NAMES: readonly EngineName[] = ['postgresql', 'mariadb', 'mysql', 'mongodb', 'secantusdb'];

const FETCHED = { mysql: fetchMySql, secantusdb: fetchSecantusDB } as const;

for (const name of ['mysql', 'secantusdb'] as const) {
  if (missing(name) === undefined) continue;
  await FETCHED[name]().catch(({ message }: Error) => {
    process.stdout.write(`${name} cannot be fetched: ${message}\n`);
  });
}

for (const name of NAMES) {
  try {
    await sharedServer(name);
  } catch (error) {
    if (!(error instanceof NoServer)) throw error;
    process.stdout.write(`${error.message}\n`);
    if (isRequired(name)) process.exitCode = 1;
  }
}
await stopShared();
