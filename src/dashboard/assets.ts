import { hash } from 'node:crypto';
import type { Answer } from './answering.js';
import { ICON } from './assets/icon.js';
import { REFRESH_SCRIPT } from './assets/refresh-script.js';
import { STYLE } from './assets/style.js';

/** The files that pages load, by their names. They are text in modules, so that a bundler takes them along. */
const ASSETS = {
  'style.css': assetOf('text/css', STYLE),
  'refresh.js': assetOf('text/javascript', REFRESH_SCRIPT),
  'icon.svg': assetOf('image/svg+xml', ICON),
};

/** A file, with a text that changes with it. */
function assetOf(type: string, body: string): Answer & { readonly tag: string } {
  return { status: 200, type, body, tag: hash('sha256', body, 'base64url').slice(0, 16) };
}

/** The name of a file that pages load. */
type AssetName = keyof typeof ASSETS;

/** The address of a file. It changes with what is in the file, so that browsers keep it. */
export function assetLink(name: AssetName): string {
  return `?${new URLSearchParams({ asset: name, v: ASSETS[name].tag }).toString()}`;
}

/**
 * A file that pages load; null if there is none of that name. Browsers keep it under its own address alone: while a deployment is
 * under way, the page may be of another version.
 */
export function findAsset(name: string, tag: string | null): Answer | null {
  if (!Object.hasOwn(ASSETS, name)) return null;
  const { tag: own, ...asset } = ASSETS[name as AssetName];
  return tag === own ? { ...asset, tag } : asset;
}
