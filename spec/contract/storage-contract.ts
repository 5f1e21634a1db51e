import { describeFidelity } from './fidelity.js';
import { describeFilters } from './filters.js';
import { describeLifeCycle } from './life-cycle.js';
import { describePaging } from './paging.js';
import { describeRefusedQueries } from './refused-queries.js';
import { describeWriting } from './writing.js';
import type { OpenSubject } from './subject.js';

/** What every readable storage does, whatever it keeps records in. */
export function describeStorageContract(name: string, open: OpenSubject): void {
  describe(`storage contract: ${name}`, () => {
    describeWriting(open);
    describeFidelity(open);
    describePaging(open);
    describeFilters(open);
    describeRefusedQueries(open);
    describeLifeCycle(open);
  });
}
