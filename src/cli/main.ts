#!/usr/bin/env node
import { createRequire } from 'node:module';
import { isWithinRange } from './doctor/versions.js';

const { engines } = createRequire(import.meta.url)('koa-track-usage/package.json') as {
  engines: { node: string };
};
const { version, versions } = process;
if (isWithinRange(versions.node, engines.node)) {
  // An older Node cannot read all that is imported there.
  const { main } = await import('./program.js');
  await main();
} else {
  console.error(`koa-track-usage: Node ${version} is too old; install one that is ${engines.node}.`);
  process.exitCode = 2;
}
