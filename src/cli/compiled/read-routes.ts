import { type ListedRoute, parseRoutes } from '../../endpoint/route-list.js';
import { show } from '../../option-reader.js';
import { wrongUsage } from '../failure.js';
import { readInput } from '../files.js';

/**
 * Reads the routes that `writeRoutes` has written down.
 *
 * @throws {CliError} if the file cannot be read, or lists no routes
 */
export async function readRoutes(cwd: string, name: string): Promise<readonly ListedRoute[]> {
  const routes = parseRoutes(await readInput(cwd, 'routes', name));
  if (typeof routes !== 'string') return routes;
  throw wrongUsage(
    `--routes names ${show(name)}, which lists no routes: ${routes}. Have writeRoutes() of koa-track-usage/testing write it.`,
  );
}
