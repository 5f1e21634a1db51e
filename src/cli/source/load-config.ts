import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TrackUsageError } from '../../errors.js';
import {
  type Settings,
  group,
  isObject,
  isText,
  option,
  readOptions,
  required,
  text,
} from '../../option-reader.js';
import { RetentionOptions, type RetentionSettings } from '../../options/retention-options.js';
import { type SummariesSettings, summaries } from '../../options/summaries-options.js';
import { WorkOptions, type WorkSettings } from '../../worker/consume-options.js';
import { CliError, EXIT, wrongUsage } from '../failure.js';
import type { CliConfig } from './config.js';

/** The files that are looked for, the first of them that is there. */
export const CONFIG_FILES = ['mjs', 'js', 'ts'].map((ending) => `koa-track-usage.config.${ending}`);

/** The Node that runs TypeScript without being asked to. */
const STRIPPING_NODE = '22.18';

class SpoolPlace {
  readonly dir = required(text());
}

class ConfigTable {
  readonly storage = required(
    option<CliConfig['storage']>({
      expected: 'a storage, a promise of one, or a function that makes one',
      accepts: (value) => isObject(value) || typeof value === 'function',
    }),
  );
  readonly summaries? = withoutDefault(summaries());
  readonly retention? = group(RetentionOptions, null);
  readonly stream? = option<NonNullable<CliConfig['stream']>>({
    default: null,
    expected:
      'a source of records such as a JetStreamStorage, a promise of one, or a function that makes one',
    accepts: (value) => isObject(value) || typeof value === 'function',
  });
  readonly work? = group(WorkOptions);
  readonly spool? = group(SpoolPlace, null);
}

/** A checked configuration. */
export type LoadedConfig = Settings<
  ConfigTable,
  {
    /** Null where nothing is summed up; undefined where nothing is said of it. */
    readonly summaries: SummariesSettings | null | undefined;
    /** Null where nothing is said of it. */
    readonly retention: RetentionSettings | null;
    /** Null where nothing is said of it. */
    readonly stream: NonNullable<CliConfig['stream']> | null;
    readonly work: WorkSettings;
    /** Null where nothing is said of it. */
    readonly spool: { readonly dir: string } | null;
  }
>;

/**
 * Finds the file of the configuration.
 *
 * @param given - its name; undefined for the first of {@link CONFIG_FILES}
 * @returns null if none was given, and none is there
 * @throws {CliError} if the given one is not there
 */
export async function findConfig(cwd: string, given: string | undefined): Promise<string | null> {
  const paths = (given === undefined ? CONFIG_FILES : [given]).map((name) => resolve(cwd, name));
  for (const path of paths) if (await isThere(path)) return path;
  if (given === undefined) return null;
  throw wrongUsage(`There is no configuration ${given}; give --config the name of a file.`);
}

/**
 * Loads a configuration.
 *
 * @throws {CliError} if it cannot be loaded, or is none; errors of this library, such as that of a storage which it opens, as they are
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  if (/\.[cm]?ts$/.test(path) && !process.features.typescript) {
    throw wrongUsage(
      `The configuration ${path} is TypeScript, which Node ${process.version} does not run. Use Node ${STRIPPING_NODE} or ` +
        'later, set NODE_OPTIONS=--experimental-strip-types, or write it as JavaScript.',
    );
  }
  const { default: config } = (await importConfig(path)) as { default?: unknown };
  if (!isObject(config)) {
    throw wrongUsage(
      `The configuration ${path} exports no configuration; write export default defineConfig({ storage }) there.`,
    );
  }
  return readOptions<ConfigTable, LoadedConfig>(`The configuration ${path}`, ConfigTable, config);
}

async function importConfig(path: string): Promise<object> {
  try {
    return (await import(pathToFileURL(path).href)) as object;
  } catch (error) {
    if (error instanceof TrackUsageError) throw error;
    const message = error instanceof Error && isText(error.message) ? error.message : String(error);
    throw new CliError(EXIT.usage, `The configuration ${path} cannot be loaded: ${message}`, error);
  }
}

function withoutDefault<Given>(described: Given): Given {
  return { ...described, default: undefined };
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
