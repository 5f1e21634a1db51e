import { parseItem } from 'structured-headers';

/** What the headers of an answer say of its endpoint's deprecation. */
export interface Announcement {
  /** ISO 8601, in UTC. */
  readonly since: string;
  /** ISO 8601, in UTC; null without the header. */
  readonly sunset: string | null;
  /** All links, in their order: the target and its parameters. */
  readonly links: readonly string[];
}

/** A date of HTTP as senders have to write it (RFC 9110, section 5.6.7). */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** A link and its parameters (RFC 8288, section 3), without what is optional in them. */
const LINK = /^<([^<>"\s]*)>((?:; [a-z]+="[^"]*")+)$/;

/**
 * Reads the headers as a caller of the API would; null if they say nothing.
 *
 * @throws {Error} if a header is not what its standard allows
 */
export function readAnnouncement(headers: Headers): Announcement | null {
  const [deprecation, sunset] = [headers.get('deprecation'), headers.get('sunset')];
  const links = (headers.get('link') ?? '').split(/, (?=<)/).filter((link) => link !== '');
  if (deprecation === null && sunset === null && links.length === 0) return null;
  return {
    since: readStructuredDate(deprecation ?? ''),
    sunset: readHttpDate(sunset),
    links: links.map(readLink),
  };
}

function readStructuredDate(text: string): string {
  const [date, parameters] = parseItem(text);
  if (!(date instanceof Date) || parameters.size > 0) throw new Error(`'${text}' is no structured date.`);
  return date.toISOString();
}

function readHttpDate(text: string | null): string | null {
  if (text === null) return null;
  if (!HTTP_DATE.test(text)) throw new Error(`'${text}' is no date of HTTP.`);
  return new Date(text).toISOString();
}

function readLink(link: string): string {
  const [, target, parameters] = LINK.exec(link) ?? [];
  if (target === undefined) throw new Error(`'${link}' is no link.`);
  return `${target} ${String(parameters)
    .replaceAll(/; [a-z]+=|"/g, ' ')
    .trim()
    .replaceAll(/ +/g, ' ')}`;
}
