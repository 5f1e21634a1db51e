import { escapeControl } from '../record/escape-control.js';

/** HTML that {@link html} has made, which stands in other HTML as it is. */
export class Html {
  readonly text: string;

  /** @param text - HTML in which everything is escaped */
  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** Text that a form or a link gives back, in which control characters stay. */
export class Exact {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template of {@link html}; null, undefined and false are nothing. */
export type Part = Html | Exact | string | number | null | undefined | false | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // Parsers of HTML read it as a line feed.
  '\r': '&#13;',
};

/**
 * Makes HTML of a template. Every text in it is escaped, for elements and for attributes in double quotes (OWASP, «Cross Site
 * Scripting Prevention»). Control characters, and those that change the direction of text, are shown as `\u202e`.
 */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: template }, ...parts.map(textOf)));
}

function textOf(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (part instanceof Exact) return escapeHtml(part.text);
  if (typeof part === 'object') return part.map(textOf).join('');
  return escapeHtml(escapeControl(String(part)));
}

function escapeHtml(text: string): string {
  return text.toWellFormed().replace(/[&<>"'\r]/g, (character) => ENTITIES[character] as string);
}
