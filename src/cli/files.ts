import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { show } from '../option-reader.js';
import { wrongUsage } from './failure.js';

/**
 * Reads a file of the user's.
 *
 * @param option - the option that names it
 * @throws {CliError} if it cannot be read
 */
export async function readInput(cwd: string, option: string, name: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, name), 'utf8');
  } catch (error) {
    throw wrongUsage(`--${option} names ${show(name)}, which cannot be read: ${(error as Error).message}`);
  }
}

/**
 * Writes a file for the user.
 *
 * @param option - the option that names it
 * @throws {CliError} if it cannot be written
 */
export async function writeOutput(cwd: string, option: string, name: string, text: string): Promise<void> {
  try {
    await writeFile(resolve(cwd, name), text);
  } catch (error) {
    throw wrongUsage(`--${option} names ${show(name)}, which cannot be written: ${(error as Error).message}`);
  }
}
