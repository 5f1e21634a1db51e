/** A program: tries each server once, and builds what has to be built, so that the specs find it ready. */
import { type EngineName, isRequired, NoServer, sharedServer, stopShared } from '../servers.js';

const NAMES: readonly EngineName[] = ['postgresql', 'mariadb', 'mongodb'];

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
