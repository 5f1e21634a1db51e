import { AddressTraces } from './address-traces.js';

/**
 * An error in words, without an address that must not be told, however it is spelt there.
 *
 * @param address - as `publicAddress` writes it
 */
export function describeWithout(error: unknown, address: string): string {
  let text: string;
  try {
    text = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;
  } catch {
    return 'an error that cannot be shown';
  }
  return new AddressTraces(address).without(text);
}
