import { wrapped } from '../report/rendering/text-width.js';
import type { CliOptions, Command } from './command.js';
import { COMMANDS } from './commands/commands.js';
import { GENERAL_OPTIONS, sourceOptionsOf } from './general-options.js';

/** How the program is called. */
export const PROGRAM = 'npx koa-track-usage';

/** The width of a help that goes to no terminal, and of the widest one, in characters. */
const WIDTH = 100;

/** The least width of what is said of an option, in characters. */
const LEAST = 24;

const ENDS =
  'It ends with 0 if nothing is wrong, 1 if something was found, 2 if it was called or set up in a wrong way, and 3 if it cannot ' +
  'tell, such as where a database is away.';

/** The help on all commands. */
export function generalHelp(width: number | null): string {
  const commands = COMMANDS.map(({ name, summary }) => [name, summary] as const);
  return [
    `Usage: ${PROGRAM} COMMAND [OPTIONS]`,
    '',
    'Tells who uses an API, how, and which endpoints can be deleted, from the records of koa-track-usage.',
    '',
    'Commands:',
    ...listed(commands, width),
    '',
    'Options:',
    ...listed(termsOf(GENERAL_OPTIONS), width),
    '',
    'Examples:',
    `  ${PROGRAM} endpoints --database sqlite:usage.db`,
    `  ${PROGRAM} endpoints --help`,
    `  ${PROGRAM} help endpoints`,
    '',
    ...wrapped(ENDS, widthOf(width)),
    '',
  ].join('\n');
}

/** The help on one command. */
export function commandHelp(command: Command, width: number | null): string {
  const { summary, details = [], options, examples } = command;
  const groups: [title: string, options: CliOptions][] = [
    ['Options', options],
    ['Where the records are', sourceOptionsOf(command)],
    ['General options', GENERAL_OPTIONS],
  ];
  return [
    usageOf(command),
    '',
    ...[summary, ...details].flatMap((paragraph) => wrapped(paragraph, widthOf(width)).concat('')),
    ...groups
      .filter(([, group]) => Object.keys(group).length > 0)
      .flatMap(([title, group]) => [`${title}:`].concat(listed(termsOf(group), width), '')),
    'Examples:',
    ...examples.map((example) => `  ${PROGRAM} ${example}`),
    '',
  ].join('\n');
}

/** How a command is called. */
function usageOf({ name, operands = [] }: Command): string {
  return `Usage: ${PROGRAM} ${name} ${operands.length === 0 ? '' : `[${operands.join(' ')}] `}[OPTIONS]`;
}

/** Options as they are written, each with what is said of it. */
export function termsOf(options: CliOptions): [term: string, about: string][] {
  return Object.entries(options).map(([name, { value, about }]) => [
    `--${name}${value === undefined ? '' : ` ${value}`}`,
    about,
  ]);
}

/** Terms in one column, and what is said of them in another. */
function listed(terms: readonly (readonly [term: string, about: string])[], width: number | null): string[] {
  const indent = Math.max(...terms.map(([term]) => term.length)) + 4;
  return terms.flatMap(([term, about]) => {
    const [first = '', ...others] = wrapped(about, Math.max(LEAST, widthOf(width) - indent));
    return [`  ${term.padEnd(indent - 2)}${first}`, ...others.map((line) => ' '.repeat(indent) + line)];
  });
}

function widthOf(width: number | null): number {
  return Math.min(width ?? WIDTH, WIDTH);
}
