import { THEMES } from '../../src/testing/contract/storage-contract.js';
import { leavePending } from '../support/pending.js';
import {
  type ContractCheck,
  type OpenStorage,
  type StorageOffer,
  type StorageSubject,
  bind,
} from '../../src/testing/contract/subject.js';

/** Makes a spec of a check; it is pending where the subject does not offer what the check needs. */
function specify(check: ContractCheck, open: OpenStorage): void {
  it(check.title, async function () {
    let subject: StorageSubject | undefined;
    const { needs, run } = bind(check, async () => (subject = await open()));
    await run();
    if (needs !== null && subject?.[needs] === undefined)
      leavePending(this, `The subject offers no ${needs}`);
  });
}

/**
 * The checks of one theme as a suite.
 *
 * @param lacking - what this kind of storage cannot have, so that there is nothing to check
 */
export function describeTheme(theme: string, open: OpenStorage, lacking: readonly StorageOffer[] = []): void {
  const checks = THEMES[theme];
  if (checks === undefined) throw new Error(`The contract says nothing about ${theme}.`);
  describe(theme, () => {
    for (const check of checks) {
      if (check.needs === null || !lacking.includes(check.needs)) specify(check, open);
    }
  });
}
