import { describeCounting } from './counting.js';
import { describeCursorPaging } from './cursor-paging.js';
import { describeFidelity } from './fidelity.js';
import { describeFilters } from './filters.js';
import { describeLifeCycle } from './life-cycle.js';
import { describePaging } from './paging.js';
import { describeRefusedQueries } from './refused-queries.js';
import { describeStreaming } from './streaming.js';
import { describeWriting } from './writing.js';
import type { OpenSubject } from './subject.js';

/** What every readable storage does, whatever it keeps records in. */
export function describeStorageContract(name: string, open: OpenSubject): void {
  describe(`storage contract: ${name}`, () => {
    describeWriting(open);
    describeFidelity(open);
    describePaging(open);
    describeCursorPaging(open);
    describeCounting(open);
    describeStreaming(open);
    describeFilters(open);
    describeRefusedQueries(open);
    describeLifeCycle(open);
  });
}
