import type { CliOptions, Command } from './command.js';
import { COMMANDS } from './commands/commands.js';
import { GENERAL_OPTIONS, SOURCE_OPTIONS } from './general-options.js';
import { PROGRAM, termsOf } from './help.js';

const HEAD = `# The command line

<!-- This page is made of what the commands say of themselves: npm run build && node scripts/write-cli-docs.mjs -->

\`${PROGRAM} COMMAND\` answers from a terminal, from cron and from CI which endpoints are used, by whom and how, and which can be
deleted. Its figures are those of [\`UsageReports\`](summaries.md). Every command has \`--help\`.

| command | what it does |
| --- | --- |`;

const PLACES = `## Where the records are

\`--database\` opens a database directly, for reading alone; commands that delete or sum up open it for writing. Neither makes or changes a
table. The driver has to be installed: \`@mikro-orm/sqlite\`, \`@mikro-orm/postgresql\`, \`@mikro-orm/mysql\`, \`@mikro-orm/mariadb\` or
\`@mikro-orm/mongodb\`. Other users of a machine can see the arguments of a process: a URL with a password belongs into a configuration.

A configuration is \`koa-track-usage.config.ts\`, \`.js\` or \`.mjs\` in the working folder, or the file that \`--config\` names. TypeScript
needs Node 22.18 or later, and is run as it is: without decorators, and with \`.ts\` in its own imports.

<!-- context
import { SqliteDriver } from '@mikro-orm/sqlite';
-->

\`\`\`ts
import { defineConfig } from 'koa-track-usage/cli';
import { SqlStorage } from 'koa-track-usage/sql';

export default defineConfig({
  // A function is told what the storage is for; a storage, or a promise of one, will do as well.
  storage: ({ readOnly }) => SqlStorage.connect({ driver: SqliteDriver, dbName: 'usage.db', readOnly }),
  // What trackUsage has, for the commands rebuild, prune and doctor:
  summaries: { timeZone: 'Europe/Berlin' },
  retention: { records: { days: 90 } },
  spool: { dir: '/var/spool/usage' },
});
\`\`\`

For the application's own MikroORM, let the function return \`new SqlStorage(await MikroORM.init(options))\`.

| option | what it does |
| --- | --- |`;

const OUTPUT = `## Output

Tables fit the terminal; there are colours on a terminal alone (\`NO_COLOR\` and \`FORCE_COLOR\` are obeyed). Answers go to the standard
output, and questions, progress and errors to the error stream. Control characters in names, paths and user agents are shown as \`\\x1b\`.
\`--json\` prints one object: what the report rests on (\`from\`, \`to\`, \`asOf\`, \`watchedDays\`, \`lost\`, \`skipped\`, \`sampled\`), and the rows
under the name of the report. \`records --json\` and \`export\` print a line of JSON for each record.

| it ends with | when |
| --- | --- |
| 0 | nothing is wrong |
| 1 | something was found that somebody has to see to |
| 2 | it was called or set up in a wrong way |
| 3 | it cannot tell, as a database is away |
| 128 and the signal's number | it was interrupted, such as 130 by Ctrl-C |

## Commands
`;

/** The page `docs/cli.md`. */
export function cliPage(): string {
  const commands = COMMANDS.map(({ name, summary }) => `| [\`${name}\`](#${name}) | ${cell(summary)} |`);
  return [
    HEAD,
    ...commands,
    '',
    PLACES,
    ...rowsOf(SOURCE_OPTIONS),
    '',
    OUTPUT,
    ...COMMANDS.map(sectionOf),
    '### Every command',
    '',
    ...tableOf(GENERAL_OPTIONS),
    '',
  ].join('\n');
}

function sectionOf({ name, operands = [], summary, details = [], options, examples }: Command): string {
  const call = operands.length === 0 ? name : `${name} [${operands.join(' ')}]`;
  return [
    `### ${name}`,
    '',
    ...[summary, ...details].flatMap((paragraph) => [escape(paragraph), '']),
    ...tableOf(options),
    '',
    '```sh',
    ...(operands.length === 0 ? [] : [`# ${PROGRAM} ${call} [OPTIONS]`]),
    ...examples.map((example) => `${PROGRAM} ${example}`),
    '```',
    '',
  ].join('\n');
}

function tableOf(options: CliOptions): string[] {
  return ['| option | what it does |', '| --- | --- |', ...rowsOf(options)];
}

function rowsOf(options: CliOptions): string[] {
  return termsOf(options).map(([term, about]) => `| \`${term}\` | ${cell(about)} |`);
}

function cell(text: string): string {
  return escape(text).replaceAll('|', String.raw`\|`);
}

/** Text as Markdown shows it. */
function escape(text: string): string {
  return text.replaceAll(/[*_<>`]/g, String.raw`\$&`);
}
