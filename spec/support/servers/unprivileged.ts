import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Who a program runs as, in the words of `spawn`. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

let found: Identity | undefined;

/** Databases refuse to run as root. There they run as nobody, who exists everywhere, so that no user is made. */
export function unprivileged(): Identity {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  found ??= { uid: id('-u'), gid: id('-g') };
  return found;
}

/** Whether nobody can come to this file: every folder above it has to let all users through. */
export function isOpenToAll(file: string): boolean {
  for (let path = dirname(file); ; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}
