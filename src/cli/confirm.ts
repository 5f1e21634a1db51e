import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { escapeControl } from '../record/escape-control.js';
import type { Call, CliOptions } from './command.js';
import { wrongUsage } from './failure.js';

/** The switch of commands that ask before they delete. */
export const CONFIRM_OPTIONS: CliOptions = {
  yes: { about: 'Does it without asking, as it has to be where nobody can answer.' },
};

/**
 * Asks the user whether something should be deleted.
 *
 * @param what - what is about to happen, in one sentence
 * @returns whether it should; a refusal is told of
 * @throws {CliError} if the user says neither yes nor no, or nobody can be asked
 */
export async function confirm({ values, io, out, err }: Call, what: string): Promise<boolean> {
  if (values.has('yes')) return true;
  if (io.stdin.isTTY !== true || !err.isTerminal)
    throw wrongUsage(`${what} Nobody can be asked here whether that is meant: add --yes if it is.`);
  // Without its own handling of the terminal, Ctrl-C ends the process as it does elsewhere.
  const asking = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
  try {
    const end = once(asking, 'close').then(() => '');
    const question = `${escapeControl(what)} It cannot be undone. Go on? (yes/no) `;
    const answer = await Promise.race([asking.question(question), end]);
    const said = answer.trim().toLowerCase();
    if (said === 'yes' || said === 'y') return true;
    if (said !== 'no' && said !== 'n')
      throw wrongUsage('Nothing was deleted: the answer was neither yes nor no.');
    await out.write('Nothing was deleted.\n');
    return false;
  } finally {
    asking.close();
  }
}
