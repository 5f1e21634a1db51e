import type { Context } from 'koa';
import { TEXT_LIMITS } from '../../record/limits.js';
import { cleanText } from '../../record/text.js';
import { readTarget } from '../request/request-target.js';

/** How deep an application may be mounted in another, in segments of the path; a hostile path has thousands. */
const MAX_DEPTH = 8;

/** A path as koa-mount divides it: to an application mounted at `/api`, `/api/users/5` is `/users/5`. */
export interface MountedPath {
  /** Where the application would be mounted. */
  readonly mountPath: string;
  /** The path that the application would see. */
  readonly path: string;
}

/** All ways to divide a path between a mount path and the application that is mounted there. */
export function mountedPaths(path: string): readonly MountedPath[] {
  const found: MountedPath[] = [];
  let index = 0;
  while (index >= 0 && index < path.length - 1 && found.length < MAX_DEPTH) {
    index = path.indexOf('/', index + 1);
    if (index < 0) found.push({ mountPath: path, path: '/' });
    else found.push({ mountPath: path.slice(0, index), path: path.slice(index) });
  }
  return found;
}

/** The last path at which koa-mount has mounted an application for a request; null if there is none. */
export function lastMountPath(context: Context): string | null {
  const { mountPath } = context as { mountPath?: unknown };
  return typeof mountPath === 'string' ? mountPath.replace(/\/$/, '') : null;
}

/** The mount path of the application that answers now, such as `/api`; empty if it is not mounted. */
export function mountPathNow(context: Context): string {
  const mountPath = lastMountPath(context);
  if (mountPath === null) return '';
  const sent = readTarget(context.originalUrl, []).path;
  // On the way back, koa-mount restores the path, but leaves its last mount path on the context.
  // Of a path below `/api/`, with its slash, koa-mount leaves `users`, without one.
  const rest = context.path === '/' ? '' : context.path.replace(/^(?!\/)/, '/');
  return [sent, sent.replace(/\/$/, '')].some((path) => path.endsWith(mountPath + rest)) ? mountPath : '';
}

/** A route's template behind the mount path of its application, if the application is mounted. */
export function mountedRoute(mountPath: string, route: string | null): string | null {
  if (mountPath === '' || route === null) return route;
  return cleanText(route === '/' ? mountPath : mountPath + route, TEXT_LIMITS.route);
}

/** Mount paths that are remembered of an action: the path may be another one for each request. */
const MOST_MOUNT_PATHS = 16;

/** Where the applications of actions were mounted for the requests of one tracker. */
export class MountPaths {
  readonly #paths = new WeakMap<object, string[]>();

  /** Remembers where the application of an action, which is known by its attribution, was mounted; empty text where it was not. */
  note(attribution: object, mountPath: string): void {
    const known = this.#paths.get(attribution);
    if (known === undefined) this.#paths.set(attribution, [mountPath]);
    else if (!known.includes(mountPath) && known.length < MOST_MOUNT_PATHS) known.push(mountPath);
  }

  /** What is remembered of an action. */
  of(attribution: object): readonly string[] {
    return this.#paths.get(attribution) ?? [];
  }
}
