import type { OpenStorage } from '../../src/testing/contract/subject.js';
import { describeTheme } from './checks.js';

/** What storing a batch does. */
export function describeWriting(open: OpenStorage): void {
  describeTheme('writing', open);
}
