import type Application from 'koa';
import { mountedRoute } from '../exchange/mounts.js';
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
 * @param isMeant - says which applications are meant
 */
export function declaredRoutes(isMeant: (app: Application) => boolean): DeclaredRoutes {
  const applications = knownApplications().filter(({ app }) => isMeant(app));
  return {
    actions: applications.flatMap((application) => {
      const mountPaths = mountPathsOf(application);
      return application.actions.flatMap((action) => mounted(action, mountPaths));
    }),
    plain: applications.flatMap(({ routes }) =>
      routes.flatMap((route) => mounted(route, unlessNone(route.attribution.mountPaths))),
    ),
  };
}

/** Where an application is mounted. Of one that may be mounted, that is not known before its first request. */
function mountPathsOf({ app, actions }: KnownApplication): readonly string[] {
  const known = new Set(actions.flatMap(({ attribution }) => attribution.mountPaths));
  return known.size === 0 && isGuest(app) ? [] : unlessNone([...known]);
}

function unlessNone(mountPaths: readonly string[]): readonly string[] {
  return mountPaths.length === 0 ? [''] : mountPaths;
}

function mounted(
  { method, attribution, deprecation }: KnownRoute,
  mountPaths: readonly string[],
): KnownRoute[] {
  return mountPaths.map((mountPath) => ({
    method,
    deprecation,
    attribution: { ...attribution, route: mountedRoute(mountPath, attribution.route) },
  }));
}
