import type { OptionReader } from '../../option-reader.js';

/** Options of a connection of our own, as far as every database has them. */
interface ConnectOptions {
  readonly driverOptions?: object | undefined;
}

/** Reads what the driver's own client is given beside our options. */
export function readDriverOptions(reader: OptionReader<ConnectOptions>): object {
  return reader.read<object>('driverOptions', isObject, 'an object', {});
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
