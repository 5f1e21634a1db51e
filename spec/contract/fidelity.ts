import type { OpenStorage } from '../../src/testing/contract/subject.js';
import { describeTheme } from './checks.js';

/** What comes back of what was stored. */
export function describeFidelity(open: OpenStorage): void {
  describeTheme('what is read back', open);
}
