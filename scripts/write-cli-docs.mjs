// Writes docs/cli.md from what the commands say of themselves, or looks whether it says that.
// Usage, after a build: node scripts/write-cli-docs.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';
import { COMMANDS } from '../dist/cli/commands/commands.js';
import { GENERAL_OPTIONS, SOURCE_OPTIONS } from '../dist/cli/general-options.js';
import { PROGRAM, termsOf } from '../dist/cli/help.js';

const HEAD = `# The command line

<!-- This page is made of what the commands say of themselves: npm run docs -->

\`${PROGRAM} COMMAND\` answers from a terminal, from cron and from CI which endpoints are used, by whom and how, and which can be
deleted. Its figures are those of [\`UsageReports\`](summaries.md). Every command has \`--help\`, which
\`help COMMAND\` shows as well.
`;

const PLACES = `## Where the records are

\`--database\` opens a database directly, for reading alone; commands that delete or sum up, and \`doctor\`, open it for writing. No table,
collection, index or file is made. The driver has to be installed: \`@mikro-orm/sqlite\`, \`@mikro-orm/postgresql\`, \`@mikro-orm/mysql\`, \`@mikro-orm/mariadb\`,
\`@mikro-orm/mongodb\` or \`@clickhouse/client\` (\`clickhouse+https://…\` with TLS). Other users of a machine can see the arguments of a process: a URL with a password belongs into a configuration.

A configuration is \`koa-track-usage.config.mjs\`, \`.js\` or \`.ts\` in the working folder, or the file that \`--config\` names. TypeScript
needs Node 22.18 or later, and is run as it is: without decorators, and with \`.ts\` in its own imports. A \`tsconfig.json\` with a \`rootDir\`
needs \`"include": ["src"]\` then, or \`tsc\` compiles the configuration too.

\`\`\`ts
// koa-track-usage.config.mjs
import { SqliteDriver } from '@mikro-orm/sqlite';
import { defineConfig } from 'koa-track-usage/cli';
import { SqlStorage } from 'koa-track-usage/sql';

export default defineConfig({
  // A function is told what the storage is for, first for reading: a command makes nothing that is not there. A storage, or a promise of
  // one, will do as well.
  storage: ({ readOnly }) => SqlStorage.connect({ driver: SqliteDriver, dbName: 'usage.db', readOnly }),
  // What trackUsage has, for the commands rebuild, prune and doctor. The time zone has to be the one of trackUsage.
  summaries: { timeZone: 'Europe/Berlin' },
  retention: { records: { days: 90 } },
  spool: { dir: '/var/spool/usage' },
});
\`\`\`

\`rebuild\` and \`prune\` refuse a configuration with another time zone than that of the summaries, and \`doctor\` tells of it: only the
application's trackers change it.

For the application's own MikroORM, let the function return \`new SqlStorage(await MikroORM.init(options))\`.
`;

const OUTPUT = `## Output

Tables fit the terminal, or elsewhere what \`COLUMNS\` says: columns that tell least are left out, and named below the table. Without a width,
names, paths and routes are shortened to 60 characters. A name that could be taken for a word of ours, such as \`"(nobody known)"\`, stands in quotes
for people, as does one that begins or ends with a space; so does a name with a comma or semicolon in a list. A \`?\` is what is not known, and \`–\` what is not there.
There are colours on a terminal alone (\`NO_COLOR\` and \`FORCE_COLOR\` are obeyed). Answers go to the standard
output, and questions, progress and errors to the error stream. Control characters in names, paths and user agents are shown as \`\\x1b\`.
\`--json\` prints one object: what the report rests on (\`from\`, \`to\`, \`asOf\`, \`watchedDays\`, \`watchedDaysBefore\`, \`lost\`, \`skipped\`, \`sampled\`), and the rows
under the name of the report. In CSV, names in one cell have \`; \` in between. \`records --json\` and \`export\` print a line of JSON for each record; \`records --csv\` has all fields.
`;

const ENDS = [
  ['0', 'nothing is wrong'],
  ['1', 'something was found that somebody has to see to'],
  ['2', 'it was called or set up in a wrong way'],
  ['3', 'it cannot tell, such as where a database is away'],
  ["128 and the signal's number", 'it was interrupted, such as 130 by Ctrl-C'],
];

/** A table of Markdown, as oxfmt lays it out. */
function table(titles, rows) {
  const widths = titles.map((_, place) =>
    Math.max(3, ...[titles, ...rows].map((cells) => [...cells[place]].length)),
  );
  const line = (cells) => `| ${cells.map((text, place) => text.padEnd(widths[place])).join(' | ')} |`;
  return [line(titles), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

function optionTable(options) {
  return table(
    ['option', 'what it does'],
    termsOf(options).map(([term, about]) => [`\`${term}\``, cell(about)]),
  );
}

function sectionOf({ name, operands = [], summary, details = [], options, examples }) {
  const call = [
    PROGRAM,
    name,
    ...(operands.length === 0 ? [] : [`[${operands.join(' ')}]`]),
    '[OPTIONS]',
  ].join(' ');
  return [
    `### ${name}`,
    '',
    ...[summary, ...details].flatMap((paragraph) => [textOf(paragraph), '']),
    ...(Object.keys(options).length === 0 ? [] : [...optionTable(options), '']),
    '```sh',
    ...(operands.length === 0 ? [] : [`# ${call}`]),
    ...examples.map((example) => `${PROGRAM} ${example}`),
    '```',
    '',
  ];
}

function cell(text) {
  return textOf(text).replaceAll('|', String.raw`\|`);
}

/** Text as Markdown shows it. */
function textOf(text) {
  return text.replaceAll(/[*_<>`]/g, String.raw`\$&`);
}

const page = [
  HEAD,
  ...table(
    ['command', 'what it does'],
    COMMANDS.map(({ name, summary }) => [`[\`${name}\`](#${name})`, cell(summary)]),
  ),
  '',
  PLACES,
  ...optionTable(SOURCE_OPTIONS),
  '',
  OUTPUT,
  ...table(['it ends with', 'when'], ENDS),
  '',
  '## Commands',
  '',
  ...COMMANDS.flatMap(sectionOf),
  '### Every command',
  '',
  ...optionTable(GENERAL_OPTIONS),
  '',
].join('\n');

const file = new URL('../docs/cli.md', import.meta.url);
if (!process.argv.includes('--check')) writeFileSync(file, page);
else if (readFileSync(file, 'utf8') !== page) {
  console.error('docs/cli.md is not what the commands say of themselves: npm run docs writes it anew.');
  process.exitCode = 1;
}
