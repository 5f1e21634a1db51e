/**
 * What a terminal acts upon or hides instead of showing it: C0 and C1 controls, line separators, and the
 * characters that change the direction of text or have no width («Trojan Source», CVE-2021-42574).
 */
const UNSAFE = /[\p{Cc}\u061c\u180e\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** Shows control characters as `\x1b` or `\u202e`, so that text takes one line and moves no cursor. */
export function escapeControl(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** The same for JSON text, which knows `\u001b` alone. It remains the same JSON. */
export function escapeJsonControl(json: string): string {
  return json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same for text between double quotes in Apache's logs: quotes and backslashes are escaped as well. */
export function escapeQuoted(text: string): string {
  return escapeControl(text.replace(/["\\]/g, String.raw`\$&`));
}
