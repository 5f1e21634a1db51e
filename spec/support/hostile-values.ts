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

/** Texts that would run a script, end an element, or turn a page, if one left them as they are. */
export const MARKUP_TEXTS = [
  '<script>window.hacked = 1</script>',
  '</title><script>window.hacked = 2</script>',
  '</svg></style></textarea></script><script>window.hacked = 3</script>',
  '"><img src=x onerror="window.hacked = 4">',
  "' autofocus onfocus='window.hacked = 5",
  'javascript:window.hacked=6//',
  '<iframe src="http://elsewhere.example/"></iframe><base href="http://elsewhere.example/">',
  '&lt;b&gt; &amp;amp; &#60;i>',
  '{{7*7}}${7*7}<%= 7*7 %>',
  '=cmd|calc!A1',
  '(other)',
  '(nobody known)',
  '__proto__',
  'constructor',
  '   ',
  '../../?view=status#%00%zz+a&b=c',
  'w'.repeat(15_000),
];
