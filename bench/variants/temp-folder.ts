import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a folder that goes when the process does. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'koa-track-usage-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
