/** Characters that take two places of a terminal: those of East Asia, and pictures (Unicode Standard Annex #11). */
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;

/** Characters that take none, as they stand upon others. */
const NARROW = /[\p{Mn}\p{Me}]/u;

/** How many places of a terminal a character takes. */
function widthOf(character: string): number {
  if (character <= '\x7e') return 1;
  return WIDE.test(character) ? 2 : NARROW.test(character) ? 0 : 1;
}

/** How many places of a terminal a text takes, of which nothing is a control character. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** Cuts a text that is too wide, and marks that with `…`. */
export function shortened(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let taken = '';
  let left = width - 1;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    taken += character;
  }
  return `${taken}…`;
}

/** Breaks a text into lines of a width, between words where there are any. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(`${last} ${word}`) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(shortened(word, width));
  }
  return lines;
}
