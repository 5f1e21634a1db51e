import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import type { Inventory } from '../endpoint/inventory.js';
import {
  compareManifests,
  differenceText,
  manifestOf,
  manifestText,
  parseManifest,
} from '../endpoint/manifest.js';
import { type ListedRoute, routesText } from '../endpoint/route-list.js';
import { escapeControl } from '../record/escape-control.js';

/**
 * Writes down which routes this build has, for `koa-track-usage check --routes`. Two runs of one build write one text.
 *
 * @param path - such as `build/routes.json`; a file that is there is replaced
 * @param routes - what `tracker.routes()` returns, once every application that is mounted in another was sent a request
 * @throws {Error} if there is none
 */
export async function writeRoutes(path: string, routes: readonly ListedRoute[]): Promise<void> {
  if (routes.length === 0)
    throw new Error(
      'writeRoutes: the tracker knows of no route. Call trackUsage() and then useKoaServer(), and have the application listen or send it a request.',
    );
  await writeFile(path, routesText(routes));
}

/**
 * Writes down what a tracker records of each action, and under which options, in a file that belongs among the sources.
 *
 * @param path - such as `usage-inventory.json`; a file that is there is replaced
 * @param inventory - what `tracker.inventory()` returns
 */
export async function writeInventory(path: string, inventory: Inventory): Promise<void> {
  await writeFile(path, manifestText(manifestOf(inventory)));
}

/**
 * Asserts that a tracker records what a file says that {@link writeInventory} wrote: that no action has lost its tracking, none is new, none
 * has gone, and neither the policy of any nor the application's options are others.
 *
 * @throws {AssertionError} that names every difference
 * @throws {Error} if the file cannot be read, or was not written by `writeInventory`
 */
export async function assertInventory(path: string, inventory: Inventory): Promise<void> {
  const written = parseManifest(await readFile(path, 'utf8'));
  const now = manifestOf(inventory);
  if (typeof written === 'string' || written.application === undefined)
    throw new Error(
      `assertInventory: '${path}' was not written by writeInventory: ${typeof written === 'string' ? written : 'it tells of no application'}.`,
    );
  // Through JSON, as the written one went.
  const differences = compareManifests(written, JSON.parse(manifestText(now)) as typeof now);
  const lines = differences.map((one) => `- ${escapeControl(differenceText(one))}`);
  assert(
    differences.length === 0,
    `What is recorded differs from '${path}'. If that is meant, call writeInventory('${path}', inventory) once.\n${lines.join('\n')}`,
  );
}
