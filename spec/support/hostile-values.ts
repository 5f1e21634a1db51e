export { HOSTILE_JSON, HOSTILE_TEXTS } from '../../src/testing/contract/hostile-values.js';

/** Texts that would end a quoted text of SQL, or change in one, by one reading of quotation marks and backslashes or another. */
export const QUOTING_TEXTS = [
  "a'b",
  "a''b",
  'x\\',
  "x\\'",
  "x' or 1=1 -- ",
  "x\\' or 1=1 -- ",
  "x' using utf8mb4) as binary) or 1=1 -- ",
  'a"b',
  'x" or 1=1 -- ',
  '%',
  '_',
  'what? ?? :name',
  'tab\tand\nline',
  'é😀',
  '',
];
