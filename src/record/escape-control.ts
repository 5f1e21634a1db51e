/**
 * Characters that a terminal acts upon or hides instead of showing them: C0 and C1 controls, line separators, tags, and the
 * characters that change the direction of text or have no width («Trojan Source», CVE-2021-42574).
 */
const UNSAFE =
  /[\p{Cc}\u00ad\u061c\u180e\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Shows control characters as `\x1b` or `\u202e`, so that text takes one line and moves no cursor. */
export function escapeControl(text: string): string {
  return text.replace(UNSAFE, (character) => (character > '\xff' ? unitsOf(character) : byteOf(character)));
}

/** Escapes control characters in JSON, which knows the form `\u001b` alone. The value remains equal. */
export function escapeJsonControl(json: string): string {
  return json.replace(UNSAFE, unitsOf);
}

/** Escapes control characters, quotes and backslashes, which may not stand between double quotes in Apache's logs. */
export function escapeQuoted(text: string): string {
  return escapeControl(text.replace(/["\\]/g, String.raw`\$&`));
}

/** A character by its code units. A character beyond the basic plane has two. */
function unitsOf(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

function byteOf(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
