import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../../endpoint/manifest.js';
import type { ListedRoute } from '../../endpoint/route-list.js';
import { CliError, EXIT, wrongUsage } from '../failure.js';
import type { Call, CliOptions } from '../command.js';
import { show } from '../../option-reader.js';

/** Where the controllers of a build are. */
export interface BuildPlace {
  /** Globs, as Node reads them. */
  readonly patterns: readonly string[];
  /** The `routePrefix` of the application. */
  readonly prefix: string;
}

/** What a build's controllers say of it. */
export interface LoadedBuild {
  readonly routes: readonly ListedRoute[];
  /** What decorators say that is recorded. */
  readonly manifest: Manifest;
}

/** What a process answers that loads a build. */
export type BuildAnswer = LoadedBuild | { readonly problem: string; readonly stack: string };

/** The options that name the controllers of a build. */
export const CONTROLLER_OPTIONS: CliOptions = {
  controllers: {
    value: 'GLOB',
    isMany: true,
    about: "Compiled files whose classes are the build's controllers, such as 'dist/controllers/*.js'.",
  },
  prefix: {
    value: 'PATH',
    about: 'With --controllers, where they are: routePrefix, behind a mount path if there is one.',
  },
};

const PROGRAM = fileURLToPath(new URL('./load-program.js', import.meta.url));

/**
 * Loads the controllers that the options of a call name, and registers them with an application that never listens. That is done in a process
 * of its own, whose output is no answer.
 *
 * @throws {CliError} if they cannot be loaded, naming the file and the reason
 */
export async function loadBuild({ values, io, err }: Call): Promise<LoadedBuild> {
  const prefix = values.text('prefix') ?? '';
  if (prefix !== '' && !prefix.startsWith('/'))
    throw wrongUsage(`--prefix is ${show(prefix)}; expected a path that begins with a slash, such as /api.`);
  const place: BuildPlace = { patterns: values.texts('controllers'), prefix };
  const child = fork(PROGRAM, [JSON.stringify(place)], {
    cwd: io.cwd,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    signal: io.signal,
    killSignal: 'SIGKILL',
  });
  for (const output of [child.stdout, child.stderr]) output?.pipe(err.stream, { end: false });
  const answers: BuildAnswer[] = [];
  child.on('message', (answer) => answers.push(answer as BuildAnswer));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const [answer] = answers;
  if (answer === undefined)
    throw wrongUsage(
      `The controllers ended the process that loaded them, with ${signal ?? `code ${code}`}. A file that starts a server, or ends the process, is no file of controllers.`,
    );
  if ('routes' in answer) return answer;
  const { problem, stack } = answer;
  throw new CliError(EXIT.usage, problem, Object.assign(new Error(problem), { stack }));
}
