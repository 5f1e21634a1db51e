import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isText } from '../option-reader.js';

/**
 * The name in the application's `package.json`: the nearest one above the program that was started, else
 * above the working folder.
 *
 * @returns `'koa'` if there is none
 */
export function applicationName(
  program: string | undefined = process.argv[1],
  folder: string = process.cwd(),
): string {
  const ofProgram = program === undefined ? null : packageNameAbove(dirname(program));
  return ofProgram ?? packageNameAbove(folder) ?? 'koa';
}

function packageNameAbove(folder: string): string | null {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown };
    if (isText(name)) return name;
  } catch {
    // No package begins here.
  }
  return dirname(folder) === folder ? null : packageNameAbove(dirname(folder));
}
