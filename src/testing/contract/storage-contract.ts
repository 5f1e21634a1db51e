import { DELETING_FOUND } from './deleting-found.js';
import { DELETING } from './deleting.js';
import { ERASING } from './erasing.js';
import { FAULTS } from './faults.js';
import { FIDELITY } from './fidelity.js';
import { LIFE_CYCLE } from './life-cycle.js';
import { CURSOR_PAGING, PAGING } from './paging.js';
import { REFUSED_QUERIES } from './refused-queries.js';
import { REGISTER } from './register.js';
import { SALTS } from './salts.js';
import { COUNTING, FILTERING, PERIODS } from './selecting.js';
import { STREAMING } from './streaming.js';
import { type ContractCheck, type OpenStorage, type StorageCheck, bind } from './subject.js';
import { SUMMARIES } from './summaries.js';
import { TIME_ZONES } from './time-zones.js';
import { WRITING } from './writing.js';

/** The checks by their theme, which begins their titles. */
export const THEMES: Readonly<Record<string, readonly ContractCheck[]>> = {
  writing: WRITING,
  'a storage at fault': FAULTS,
  'what is read back': FIDELITY,
  'order and pages': PAGING,
  'startDate and endDate': PERIODS,
  'pages by cursor': CURSOR_PAGING,
  countUsage: COUNTING,
  streamUsage: STREAMING,
  filters: FILTERING,
  'time zones': TIME_ZONES,
  deleteBefore: DELETING,
  deleteUsage: DELETING_FOUND,
  'queries that cannot be meant': REFUSED_QUERIES,
  salts: SALTS,
  summaries: SUMMARIES,
  'the register': REGISTER,
  erase: ERASING,
  'life cycle': LIFE_CYCLE,
};

/**
 * What every readable storage does, as checks for any test runner. Each check opens a storage of its own, one after
 * another. The largest checks store 10,000 records, so give a server half a minute for each.
 *
 * ```ts
 * for (const { title, run } of storageContract(open)) it(title, run);
 * ```
 *
 * @param open - opens an empty storage; it is called once a check
 */
export function storageContract(open: OpenStorage): readonly StorageCheck[] {
  return Object.entries(THEMES).flatMap(([theme, checks]) =>
    checks.map((given) => bind({ ...given, title: `${theme} ${given.title}` }, open)),
  );
}
