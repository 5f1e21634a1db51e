import { constants } from 'node:os';
import { systemClock } from '../time/clock.js';
import { Interruption } from './io.js';
import { run } from './run.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Does what the arguments of the process ask for, and ends it. */
export async function main(): Promise<never> {
  const ending = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      const interruption = new Interruption(constants.signals[name]);
      // Whoever asks for a second time does not want to wait for a database.
      if (ending.signal.aborted) process.exit(interruption.exitCode);
      ending.abort(interruption);
    });
  }
  const { stdin, stdout, stderr } = process;
  const code = await run(process.argv.slice(2), {
    stdin,
    stdout,
    stderr,
    cwd: process.cwd(),
    clock: systemClock,
    signal: ending.signal,
  });
  // An application that the configuration has loaded may hold connections of its own.
  process.exit(code);
}
