import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../run.js';
import type { Guarded } from './watchdog.js';

const pids = new Set<number>();
const folders = new Set<string>();
let watchdog: ChildProcess | undefined;

/** Starts the watchdog in a session of its own, so that Ctrl-C does not end it first, and without waiting for it. */
function startWatchdog(): ChildProcess {
  const program = fileURLToPath(new URL('watchdog.js', import.meta.url));
  const child = spawn(process.execPath, [program], {
    detached: true,
    env: childEnvironment(),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}

function tell(): void {
  watchdog ??= startWatchdog();
  const guarded: Guarded = { pids: [...pids], folders: [...folders] };
  watchdog.stdin?.write(`${JSON.stringify(guarded)}\n`);
}

/** Sees to it that a server does not outlive this process. */
export function guardProcess(pid: number): void {
  pids.add(pid);
  tell();
}

/** Has to be called when a guarded process has ended: its number may become another's. */
export function releaseProcess(pid: number): void {
  pids.delete(pid);
  tell();
}

/** Sees to it that a folder does not outlive this process. */
export function guardFolder(path: string): void {
  folders.add(path);
  tell();
}

/** To be called when a guarded folder has been removed. */
export function releaseFolder(path: string): void {
  folders.delete(path);
  tell();
}
