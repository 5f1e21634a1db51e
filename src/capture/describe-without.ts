import { publicAddress } from '../public-address.js';

/** Runs of characters that an address may be made of. */
const ADDRESS_LIKE = /[\da-f:.]{2,}/gi;

/** An error in words, without an address that must not be told, however it is spelt there. */
export function describeWithout(error: unknown, address: string): string {
  let text: string;
  try {
    text = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;
  } catch {
    return 'an error that cannot be shown';
  }
  return text
    .replaceAll(encodeURIComponent(address), '…')
    .replaceAll(address, '…')
    .replaceAll(ADDRESS_LIKE, (run) => withoutAddress(run, address));
}

/** A sentence goes on behind an address with a colon or a full stop, which belong to the run but not to the address. */
function withoutAddress(run: string, address: string): string {
  if (publicAddress(run) === address) return '…';
  let end = run.length;
  while (run[end - 1] === ':' || run[end - 1] === '.') end -= 1;
  const spelt = run.slice(0, end);
  return publicAddress(spelt) === address ? `…${run.slice(end)}` : run;
}
