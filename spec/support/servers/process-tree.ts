import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** The parent of each process. Linux tells it without `ps`, which small images lack. */
function parents(): Map<number, number> {
  if (!existsSync('/proc/self/stat')) {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    return new Map(lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]));
  }
  const found = new Map<number, number>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      // pid (name) state ppid: the name may hold parentheses and blanks.
      const [, parent] = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      found.set(Number(pid), Number(parent));
    } catch {
      // It ended in the meantime.
    }
  }
  return found;
}

/** A process and all below it, parents first. */
export function processTree(root: number): Set<number> {
  const tree = new Set([root]);
  const edges = [...parents()];
  for (const pid of tree) {
    for (const [child, parent] of edges) if (parent === pid) tree.add(child);
  }
  return tree;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Stops every process of a tree from running. A parent is stopped before it is asked for its children. */
export function freezeTree(root: number): ReadonlySet<number> {
  const frozen = new Set<number>();
  for (;;) {
    const more = [...processTree(root)].filter((pid) => !frozen.has(pid));
    if (more.length === 0) return frozen;
    for (const pid of more) signal(pid, 'SIGSTOP');
    for (const pid of more) frozen.add(pid);
  }
}

/** Lets a frozen tree run again. */
export function thawTree(root: number): void {
  for (const pid of [...processTree(root)].toReversed()) signal(pid, 'SIGCONT');
}

/** Kills a tree, frozen or not. PostgreSQL's back ends are processes of their own, each in its own group. */
export function killTree(root: number): void {
  for (const pid of freezeTree(root)) signal(pid, 'SIGKILL');
}
