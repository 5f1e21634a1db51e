import { parseArgs } from 'node:util';
import { show } from '../option-reader.js';
import type { CliOptions, Command } from './command.js';
import { COMMANDS } from './commands/commands.js';
import { wrongUsage } from './failure.js';
import { GENERAL_OPTIONS, SOURCE_OPTIONS, sourceOptionsOf } from './general-options.js';
import { Values } from './values.js';

/** What was asked for. */
export interface ParsedCall {
  /** Null where none was named. */
  readonly command: Command | null;
  readonly values: Values;
  readonly operands: readonly string[];
}

/**
 * Reads the arguments of the process. The command may stand before or behind options.
 *
 * @throws {CliError} if there is no such command, option or operand
 */
export function parseCall(args: readonly string[]): ParsedCall {
  const place = placeOfCommand(args);
  const name = place === -1 ? undefined : args[place];
  const command = COMMANDS.find((candidate) => candidate.name === name) ?? null;
  if (name !== undefined && command === null) {
    const known = COMMANDS.map((candidate) => candidate.name).join(', ');
    throw wrongUsage(`There is no command ${show(name)}; expected ${known}.`);
  }
  const options = command === null ? GENERAL_OPTIONS : optionsOf(command);
  const rest = args.filter((_, index) => index !== place);
  const { values, positionals } = parse(rest, options, command);
  const given = new Values(values);
  if (command !== null && !given.has('help')) checkOperands(command, positionals);
  return { command, values: given, operands: positionals };
}

/** All options of a command. */
function optionsOf(command: Command): CliOptions {
  return { ...command.options, ...sourceOptionsOf(command), ...GENERAL_OPTIONS };
}

/** Where the first argument is that is no option and no option's value; -1 without one. */
function placeOfCommand(args: readonly string[]): number {
  const all = Object.assign(
    {},
    GENERAL_OPTIONS,
    SOURCE_OPTIONS,
    ...COMMANDS.map(({ options }) => options),
  ) as CliOptions;
  const { tokens } = parseArgs({ args: [...args], options: typesOf(all), strict: false, tokens: true });
  return tokens.find(({ kind }) => kind === 'positional')?.index ?? -1;
}

function typesOf(options: CliOptions): Record<string, { type: 'string' | 'boolean'; multiple: boolean }> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, isMany = false }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: isMany },
    ]),
  );
}

function parse(
  args: string[],
  options: CliOptions,
  command: Command | null,
): { values: object; positionals: string[] } {
  try {
    return parseArgs({ args, options: typesOf(options), allowPositionals: true });
  } catch (error) {
    // Node goes on to explain how text that begins with a dash is given.
    const [problem = ''] = (error as Error).message.split(/\. |\n/);
    const help = `koa-track-usage ${command === null ? '' : `${command.name} `}--help`;
    throw wrongUsage(`${problem.replace(/\.?$/, '.')} See: ${help}`);
  }
}

function checkOperands({ name, operands = [] }: Command, given: readonly string[]): void {
  if (given.length === 0 || given.length === operands.length) return;
  const expected = operands.length === 0 ? 'nothing but options' : operands.join(' ');
  throw wrongUsage(`${name}: got ${given.map((one) => show(one)).join(' ')}; expected ${expected}.`);
}
