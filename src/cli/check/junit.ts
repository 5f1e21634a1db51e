import { escapeControl } from '../../record/escape-control.js';

/** A case of a report of JUnit. */
export interface JUnitCase {
  readonly group: string;
  readonly name: string;
  /** `failed` is a failure, and `unknown` an error: it could not be tried. */
  readonly result: 'passed' | 'failed' | 'unknown';
  readonly message: string;
}

/** A report of JUnit, as XML that Jenkins, GitLab and others read. */
export function junitText(suite: string, cases: readonly JUnitCase[]): string {
  const count = (result: JUnitCase['result']): number => cases.filter((one) => one.result === result).length;
  const counts = `tests="${cases.length}" failures="${count('failed')}" errors="${count('unknown')}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escapeXml(suite)}" ${counts}>`,
    ...cases.map((one) => `    ${caseText(one)}`),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseText({ group, name, result, message }: JUnitCase): string {
  const text = escapeXml(message);
  const inner =
    result === 'passed'
      ? `<system-out>${text}</system-out>`
      : result === 'failed'
        ? `<failure message="${text}"/>`
        : `<error message="${text}"/>`;
  return `<testcase classname="${escapeXml(group)}" name="${escapeXml(name)}">${inner}</testcase>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Escapes text for XML 1.0, which takes neither control characters nor halves of a pair nor U+FFFE and U+FFFF (its production 2, `Char`). */
function escapeXml(text: string): string {
  return escapeControl(text.toWellFormed())
    .replaceAll(/[\ufffe\uffff]/g, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
