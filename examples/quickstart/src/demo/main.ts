import { rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from '../serve.js';
import { CURRENT } from './builds.js';
import { SERVICE, fill } from './fill.js';

// A file of its own, as it is made anew each time.
const dbName = fileURLToPath(new URL('../../demo.db', import.meta.url));
for (const suffix of ['', '-wal', '-shm']) await rm(dbName + suffix, { force: true });

process.stdout.write('Five weeks of a shop ');
const count = await fill(dbName, { onDay: () => process.stdout.write('.') });
console.log(` ${count.toLocaleString('en')} requests. Which endpoints can be deleted?`);
console.log(`  node dist/cli/main.js endpoints --database sqlite:${relative('', dbName)}`);

const { controllers, version } = CURRENT;
await serve(dbName, { controllers, tracker: { serverName: SERVICE, version } });
