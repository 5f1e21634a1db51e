/**
 * A program: it ends when its standard input does, which is when the process that started it has gone, even by SIGKILL.
 * It then kills the servers and removes the folders that the last line named.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { killTree } from './process-tree.js';

/** What must not outlive the process that started it. */
export interface Guarded {
  readonly pids: readonly number[];
  readonly folders: readonly string[];
}

let guarded: Guarded = { pids: [], folders: [] };
for await (const line of createInterface({ input: process.stdin })) guarded = JSON.parse(line) as Guarded;
for (const pid of guarded.pids) killTree(pid);
for (const folder of guarded.folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
