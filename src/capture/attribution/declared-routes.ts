import type Application from 'koa';
import { type MountPaths, mountedRoute } from '../exchange/mounts.js';
import { noteRouters } from './routers.js';
import { type KnownApplication, type KnownRoute, isGuest, knownApplications } from './known-actions.js';

/** Routes, with their templates as records have them. */
export interface DeclaredRoutes {
  /** Those of actions. */
  readonly actions: readonly KnownRoute[];
  /** Routes without a class. */
  readonly plain: readonly KnownRoute[];
}

/**
 * Finds the routes of this process that are known by now.
 *
 * @param mountPaths - where applications were mounted
 * @param isMeant - says which applications are meant
 */
export function declaredRoutes(
  mountPaths: MountPaths,
  isMeant: (app: Application) => boolean,
): DeclaredRoutes {
  for (const { app } of knownApplications()) if (isMeant(app)) noteRouters(app);
  // Now that their routers are read.
  const applications = knownApplications().filter(({ app }) => isMeant(app));
  const known = applications.map((application) => ({ application, paths: pathsOf(application, mountPaths) }));
  return {
    actions: known.flatMap(({ application: { actions }, paths }) =>
      actions.flatMap((action) => mounted(action, paths)),
    ),
    plain: known.flatMap(({ application: { routes }, paths }) =>
      routes.flatMap((route) => {
        const own = mountPaths.of(route.attribution);
        return mounted(route, own.length > 0 ? own : paths);
      }),
    ),
  };
}

/** Where an application is mounted. Of one that may be mounted, that is not known before its first request. */
function pathsOf({ app, actions }: KnownApplication, mountPaths: MountPaths): readonly string[] {
  const known = new Set(actions.flatMap(({ attribution }) => mountPaths.of(attribution)));
  if (known.size > 0) return [...known];
  return isGuest(app) ? [] : [''];
}

function mounted({ method, attribution, deprecation }: KnownRoute, paths: readonly string[]): KnownRoute[] {
  return paths.map((path) => ({
    method,
    deprecation,
    attribution: { ...attribution, route: mountedRoute(path, attribution.route) },
  }));
}
