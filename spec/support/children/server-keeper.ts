import { startOwn } from '../servers.js';

const server = await startOwn('postgresql');
process.stdout.write(`${server.pid}\n`);
setInterval(() => undefined, 60_000);
