import type { Context } from 'mocha';

/** What a spec that may be pending in CI has to name in its title: nothing there is in a package registry. */
export const MONGODB_ITSELF = 'MongoDB itself';

/** Named in the title of a spec that is pending where the specs run on Koa 2, and only there. */
export const KOA_2 = 'Koa 2';

const told = new Set<string>();

/** Says a thing once a process, in a line of its own. */
export function tell(line: string): void {
  if (!told.has(line)) process.stdout.write(`${line}\n`);
  told.add(line);
}

/** Says why specs are pending. */
export function tellPending(reason: string): void {
  tell(`${reason}. Its specs are pending.`);
}

/** Whether what this machine lacks fails the specs, as in CI. */
export function isStrict(): boolean {
  return process.env['REQUIRE_SERVERS'] === '1';
}

/**
 * Whether a spec may be pending.
 *
 * @param title - its title in full, or the reason
 */
export function mayBePending(title: string): boolean {
  return !isStrict() || title.includes(MONGODB_ITSELF) || title.includes(KOA_2);
}

/**
 * Leaves the spec that runs pending, with the reason in its title and in the output.
 *
 * @throws {Error} with the reason, if it may not be pending
 */
export function leavePending(context: Context, reason: string): never {
  if (!mayBePending(reason)) throw new Error(`${reason}. With REQUIRE_SERVERS=1 this spec has to run.`);
  tellPending(reason);
  // In a hook before each spec, the test is the hook.
  const test = context.currentTest ?? context.test;
  if (test !== undefined) test.title += ` (${reason})`;
  return context.skip();
}
