import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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
  return (
    (program === undefined ? null : packageNameAbove(dirname(program))) ?? packageNameAbove(folder) ?? 'koa'
  );
}

function packageNameAbove(start: string): string | null {
  for (let folder = start; ; folder = dirname(folder)) {
    const name = packageName(join(folder, 'package.json'));
    if (name !== null) return name;
    if (dirname(folder) === folder) return null;
  }
}

function packageName(file: string): string | null {
  try {
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown };
    return typeof name === 'string' && name !== '' ? name : null;
  } catch {
    return null;
  }
}
