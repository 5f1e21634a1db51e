import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isText } from '../option-reader.js';

/** What an application's `package.json` tells of it. */
export interface Application {
  /** `'koa'` if there is none. */
  readonly name: string;
  /** Null if there is none. */
  readonly version: string | null;
}

/**
 * Reads the application's `package.json`: the nearest one that has a name above the program that was started, else
 * above the working folder.
 */
export function findApplication(
  program: string | undefined = process.argv[1],
  folder: string = process.cwd(),
): Application {
  const ofProgram = program === undefined ? null : packageAbove(dirname(program));
  return ofProgram ?? packageAbove(folder) ?? { name: 'koa', version: null };
}

function packageAbove(folder: string): Application | null {
  try {
    const content: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const { name, version } = content as { name?: unknown; version?: unknown };
    if (isText(name)) return { name, version: isText(version) ? version : null };
  } catch {
    // No package begins here.
  }
  return dirname(folder) === folder ? null : packageAbove(dirname(folder));
}
