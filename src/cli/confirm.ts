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
 * @throws {CliError} if the user says anything but yes, or nobody can be asked
 */
export async function confirm({ values, io, err }: Call, what: string): Promise<void> {
  if (values.has('yes')) return;
  if (io.stdin.isTTY !== true || !err.isTerminal)
    throw wrongUsage(`${what} Nobody can be asked here whether that is meant: add --yes if it is.`);
  // Without its own handling of the terminal, Ctrl-C ends the process as it does elsewhere.
  const asking = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
  try {
    const end = once(asking, 'close').then(() => '');
    const question = `${escapeControl(what)} It cannot be undone. Go on? (yes/no) `;
    const answer = await Promise.race([asking.question(question), end]);
    if (answer.trim().toLowerCase() !== 'yes') throw wrongUsage('Nothing was deleted.');
  } finally {
    asking.close();
  }
}
