import { createRequire } from 'node:module';
import { inspect, styleText } from 'node:util';
import { escapeControl } from '../record/escape-control.js';
import { orAbort } from '../time/or-abort.js';
import { within } from '../time/within.js';
import { type ParsedCall, parseCall } from './call-parser.js';
import { EXIT, exitCodeOf } from './failure.js';
import { commandHelp, generalHelp } from './help.js';
import { type CliIo, Interruption } from './io.js';
import { ClosedPipe, Output } from './output.js';
import { Source } from './source/source.js';

/** How long a storage may take to close, in milliseconds: the process ends in any case. */
const CLOSING_MS = 3000;

/**
 * Does what the arguments ask for.
 *
 * @param args - behind the program's name
 * @returns what the process should end with; it never rejects
 */
export async function run(args: readonly string[], io: CliIo): Promise<number> {
  const out = new Output(io.stdout);
  const err = new Output(io.stderr);
  let parsed: ParsedCall | null = null;
  try {
    parsed = parseCall(args);
    return await answer(parsed, io, out, err);
  } catch (error) {
    if (error instanceof Interruption) return error.exitCode;
    if (error instanceof ClosedPipe) return EXIT.fine;
    const isVerbose = parsed?.values.has('verbose') ?? args.includes('--verbose');
    // Nobody may be left to be told.
    await err.write(describe(error, err, isVerbose)).catch(() => {});
    return exitCodeOf(error);
  }
}

async function answer(
  { command, values, operands }: ParsedCall,
  io: CliIo,
  out: Output,
  err: Output,
): Promise<number> {
  if (values.has('version')) {
    await out.write(`${versionOfPackage()}\n`);
    return EXIT.fine;
  }
  if (values.has('help')) {
    await out.write(command === null ? generalHelp(out.width) : commandHelp(command, out.width));
    return EXIT.fine;
  }
  if (command === null) {
    await err.write(generalHelp(err.width));
    return EXIT.usage;
  }
  const [config, database, table] = ['config', 'database', 'table'].map((name) => values.text(name));
  const source = new Source({ config, database, table }, io.cwd);
  try {
    const running = command.run({ values, operands, io, out, err, source });
    return await (command.endsItself === true ? running : orAbort(running, io.signal));
  } finally {
    await within(io.clock, CLOSING_MS, source.close());
  }
}

/** An error in one line, with its stack where that is asked for. */
function describe(error: unknown, { stream }: Output, isVerbose: boolean): string {
  const name = styleText('red', 'koa-track-usage:', { stream });
  const message = error instanceof Error ? error.message : inspect(error);
  const stack = isVerbose ? inspect(error).split('\n') : [];
  return [`${name} ${escapeControl(message.replaceAll(/\s+/g, ' '))}`, ...stack.map(escapeControl), ''].join(
    '\n',
  );
}

/** The version of this package. */
function versionOfPackage(): string {
  const { version } = createRequire(import.meta.url)('koa-track-usage/package.json') as { version: string };
  return version;
}
