import { THEMES } from '../../src/testing/contract/storage-contract.js';
import type { OpenStorage, StorageOffer } from '../../src/testing/contract/subject.js';
import { describeTheme } from './checks.js';
import { describeProperties } from './properties.js';

/**
 * What every readable storage does, whatever it keeps records in: `storageContract` of `koa-track-usage/testing` as
 * suites, and what holds for any record.
 *
 * @param lacking - what this kind of storage cannot have, such as a server with a time zone
 */
export function describeStorageContract(
  name: string,
  open: OpenStorage,
  lacking: readonly StorageOffer[] = [],
): void {
  describe(`storage contract: ${name}`, () => {
    for (const theme of Object.keys(THEMES)) describeTheme(theme, open, lacking);
    describeProperties(open);
  });
}
