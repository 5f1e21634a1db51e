import type { Context } from 'koa';
import { readTarget } from '../request/request-target.js';

/** How deep an application may be mounted in another, in segments of the path; a hostile path has thousands. */
const MAX_DEPTH = 8;

/** A path, divided as koa-mount does: at `/api`, `/api/users/5` is `/users/5` to the application that is mounted there. */
export interface MountedPath {
  /** Where the application would be mounted. */
  readonly mountPath: string;
  /** What it would see. */
  readonly path: string;
}

/** All the ways in which a path may belong to an application that is mounted somewhere. */
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

/** Where koa-mount has last mounted an application on the way of a request; null if it has not. */
export function lastMountPath(context: Context): string | null {
  const { mountPath } = context as { mountPath?: unknown };
  return typeof mountPath === 'string' ? mountPath.replace(/\/$/, '') : null;
}

/** Where the application that answers now is mounted by koa-mount: `/api`, or empty text. */
export function mountPathNow(context: Context): string {
  const mountPath = lastMountPath(context);
  if (mountPath === null) return '';
  const sent = readTarget(context.originalUrl, []).path;
  // koa-mount leaves its last mount path on the context when it has left the application, but not the path.
  const rest = context.path === '/' ? '' : context.path;
  return [sent, sent.replace(/\/$/, '')].some((path) => path.endsWith(mountPath + rest)) ? mountPath : '';
}
