import { MONGODB_ITSELF } from '../pending.js';

/** What SecantusDB 0.7.0b3 gets wrong, by the titles of the specs that tell. */
const FLAWS: Readonly<Record<string, string>> = {
  'may be as far away as dates go': 'cannot read years beyond 1 to 9999',
  'because it is a view is for a person to mend': 'lets views be written to',
};

/**
 * Why a spec is pending on SecantusDB. Nothing in the library bends to what that gets wrong.
 *
 * @returns undefined if the spec has to pass there
 */
export function flawOfSecantusDB(title = ''): string | undefined {
  const flaw = FLAWS[title];
  return flaw === undefined ? undefined : `It takes ${MONGODB_ITSELF}, as SecantusDB ${flaw}`;
}
