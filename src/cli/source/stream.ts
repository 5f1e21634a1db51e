import { TrackUsageError } from '../../errors.js';
import { isFunction } from '../../option-reader.js';
import { type UsageSource, isSource } from '../../storage/usage-source.js';
import { CliError, EXIT, wrongUsage } from '../failure.js';
import type { LoadedConfig } from './load-config.js';

/**
 * Opens the stream of a configuration.
 *
 * @param readOnly - whether it is only looked at, so that nothing is to be made
 * @throws {CliError | TrackUsageError} if it cannot be opened, or is none
 */
export async function openStream(
  stream: NonNullable<LoadedConfig['stream']>,
  readOnly: boolean,
): Promise<UsageSource & { close?(): Promise<void> }> {
  let opened: unknown;
  try {
    opened = await (isFunction(stream) ? (stream as (need: object) => unknown)({ readOnly }) : stream);
  } catch (error) {
    if (error instanceof TrackUsageError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.unknown, `The stream of the configuration cannot be opened: ${message}`, error);
  }
  if (isSource(opened)) return opened;
  throw wrongUsage(
    `The 'stream' of the configuration gave a value of type ${typeof opened}; expected a source of records, such as a JetStreamStorage.`,
  );
}
