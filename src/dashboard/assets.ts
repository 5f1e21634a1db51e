import { type Answer, tagOf } from './answering.js';
import { ICON } from './assets/icon.js';
import { REFRESH_SCRIPT } from './assets/refresh-script.js';
import { STYLE } from './assets/style.js';

/** The files that pages load, by their names. They are text in modules, so that a bundler takes them along. */
const ASSETS = {
  'style.css': { type: 'text/css', body: STYLE },
  'refresh.js': { type: 'text/javascript', body: REFRESH_SCRIPT },
  'icon.svg': { type: 'image/svg+xml', body: ICON },
} as const;

/** The name of a file that pages load. */
type AssetName = keyof typeof ASSETS;

/** The address of a file. It changes with what is in the file, so that browsers keep it. */
export function assetLink(name: AssetName): string {
  return `?${new URLSearchParams({ asset: name, v: tagOf(ASSETS[name].body) }).toString()}`;
}

/**
 * A file that pages load; null if there is none of that name. Browsers keep it under its own address alone: while a deployment is
 * under way, the page may be of another version.
 */
export function findAsset(name: string, tag: string | null): Answer | null {
  if (!Object.hasOwn(ASSETS, name)) return null;
  const asset = ASSETS[name as AssetName];
  return { status: 200, ...asset, isLasting: tag === tagOf(asset.body) };
}
