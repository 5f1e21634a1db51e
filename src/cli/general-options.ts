import type { CliOptions, Command } from './command.js';
import { DATABASE_FORMS } from './source/database.js';
import { CONFIG_FILES } from './source/load-config.js';

/** The options of every command. */
export const GENERAL_OPTIONS: CliOptions = {
  help: { about: 'Shows what there is to know of a command.' },
  version: { about: 'Shows the version.' },
  verbose: { about: 'Shows where an error comes from.' },
};

const CONFIG_OPTION: CliOptions = {
  config: {
    value: 'FILE',
    about: `A file that exports defineConfig({ storage }). Default: ${CONFIG_FILES.join(', ')} in this folder.`,
  },
};

/** The options that say where the records are. */
export const SOURCE_OPTIONS: CliOptions = {
  database: { value: 'URL', about: `The database: ${DATABASE_FORMS}. No table is made.` },
  table: { value: 'NAME', about: 'With --database, the table or the collection. Default: koa_usage.' },
  ...CONFIG_OPTION,
};

/** The options of where records are that a command has. */
export function sourceOptionsOf({ needsRecords = true, needsConfig = false }: Command): CliOptions {
  if (!needsRecords) return {};
  return needsConfig ? CONFIG_OPTION : SOURCE_OPTIONS;
}
