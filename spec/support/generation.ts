import { createRequire } from 'node:module';
import type { AsyncFunc, Func } from 'mocha';
import { KOA_2 } from './pending.js';

const { version } = createRequire(import.meta.url)('koa/package.json') as { readonly version: string };

/**
 * `it`, but where the specs run on Koa 2, which cannot do what the spec is about. There it is pending.
 *
 * @param lack - what Koa 2 does not do, as the end of a sentence that begins with its name
 */
export function itOnKoa3(lack: string, title: string, spec: Func | AsyncFunc): void {
  if (version.startsWith('2.')) it.skip(`${title} (${KOA_2} ${lack})`);
  else it(title, spec as AsyncFunc);
}
