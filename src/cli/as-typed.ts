import { TrackUsageError } from '../errors.js';
import { CliError, EXIT } from './failure.js';

/** Fields of queries whose options have other names. */
const OPTIONS: Readonly<Record<string, string>> = { startDate: 'from', endDate: 'to', serverName: 'service' };

/** A field that a message is about: it comes first, or the user is told to give it. */
const FIELD = /^[\w]+: '(\w+)'|(?<=; give )'(\w+)'/g;

/**
 * Does something, and names options as they were typed if one of them is refused.
 *
 * @throws {CliError} if a query cannot be used; any other error as it is
 */
export async function asTyped<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TrackUsageError) || error.code !== 'INVALID_QUERY') throw error;
    const message = error.message.replaceAll(FIELD, (_, first?: string, given = '') => {
      const name = first ?? (given as string);
      return `--${Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : name}`;
    });
    throw new CliError(EXIT.usage, message, error);
  }
}
