// The program of a process that loads a build's controllers: they may print, open connections, and end the process.
import { glob } from 'node:fs/promises';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { pathToFileURL } from 'node:url';
import type Application from 'koa';
import { createKoaServer, useContainer } from 'routing-controllers';
import { installActionHook } from '../../capture/attribution/action-hook.js';
import { knownApplications } from '../../capture/attribution/known-actions.js';
import { manifestOfDecorators } from '../../endpoint/manifest.js';
import { listedRoutes } from '../../endpoint/route-list.js';
import type { BuildAnswer, BuildPlace, LoadedBuild } from './load-build.js';

/** What Node runs without a compiler. */
const COMPILED = /\.[cm]?js$/;

/** A build that cannot be loaded, as the user is told. */
class LoadError extends Error {}

async function load({ patterns, prefix }: BuildPlace): Promise<LoadedBuild> {
  await import('reflect-metadata');
  // As the hook's own driver is the one that registers, a copy of routing-controllers that the build brings along does no harm.
  installActionHook();
  const classes = new Set<Function>();
  for (const file of await filesOf(patterns)) collect(await importFile(file), classes, new Set());
  // Only now, as a file of the build may choose a container too.
  useContainer({ get: (type) => Object.create((type as { prototype: object }).prototype) as never });
  const controllers = [...classes];
  const app = register(controllers, prefix);
  const actions = knownApplications().find((one) => one.app === app)?.actions ?? [];
  if (actions.length > 0) return { routes: listedRoutes(actions), manifest: manifestOfDecorators(actions) };
  throw new LoadError(`${patterns.join(' and ')} export no controller with an action.`);
}

async function filesOf(patterns: readonly string[]): Promise<readonly string[]> {
  const files = new Set<string>();
  for (const pattern of patterns) {
    const found: string[] = [];
    for await (const name of glob(pattern)) if (COMPILED.test(name)) found.push(name);
    if (found.length === 0)
      throw new LoadError(
        `--controllers '${pattern}' names no file with compiled JavaScript in ${process.cwd()}.`,
      );
    for (const name of found.toSorted()) files.add(resolve(name));
  }
  return [...files];
}

async function importFile(file: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw new LoadError(`The controllers in '${file}' cannot be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Collects the classes that a file exports, in lists and objects too, as routing-controllers does. */
function collect(exported: unknown, classes: Set<Function>, seen: Set<unknown>): void {
  if (typeof exported === 'function') classes.add(exported);
  else if (typeof exported === 'object' && exported !== null && !seen.has(exported)) {
    seen.add(exported);
    for (const one of Object.values(exported)) collect(one, classes, seen);
  }
}

function register(controllers: readonly Function[], routePrefix: string): Application {
  // An empty list would be taken for all controllers that are decorated.
  if (controllers.length === 0) throw new LoadError('The files of --controllers export no class.');
  try {
    return createKoaServer({ controllers: [...controllers], routePrefix }) as Application;
  } catch (error) {
    throw new LoadError(`routing-controllers cannot register the controllers: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : inspect(error);
}

/** Tells the process that asked, and ends. */
function tell(answer: BuildAnswer): void {
  process.send?.(answer, undefined, undefined, () => process.exit(0));
}

try {
  tell(await load(JSON.parse(process.argv[2] ?? '{}') as BuildPlace));
} catch (error) {
  const { stack = '', cause } = error as Error;
  tell({ problem: messageOf(error), stack: cause === undefined ? stack : inspect(cause) });
}
