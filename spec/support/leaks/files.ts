import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const PAGE = Buffer.alloc(4096);

/** What a file holds, as Latin-1. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/**
 * Reads every byte of every file below a folder, but for pages of zeros, of which databases keep megabytes.
 *
 * @param sinceMs - files that were last written before are left out
 */
export async function readFolder(folder: string, sinceMs = 0): Promise<FileText[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const texts: FileText[] = [];
  for (const path of paths.toSorted()) {
    const { mtimeMs } = await stat(path);
    if (mtimeMs >= sinceMs) texts.push({ path, text: withoutEmptyPages(await readFile(path)) });
  }
  return texts;
}

/** The files as one text. */
export function joined(files: readonly FileText[]): string {
  return files.map(({ text }) => text).join('\n');
}

function withoutEmptyPages(bytes: Buffer): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += PAGE.length) {
    const page = bytes.subarray(at, at + PAGE.length);
    if (!page.equals(PAGE)) parts.push(page.toString('latin1'));
  }
  return parts.join('');
}
