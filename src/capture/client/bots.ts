import { createIsbotFromList, list } from 'isbot';

/**
 * Patterns of isbot that are left out, as they match clients of APIs: HTTP libraries and tools, and names
 * without any other sign, such as `okhttp/4.12.0`, `MyApp/1.2` and `python-requests/2.31.0`.
 */
export const CLIENT_PATTERNS: readonly string[] = [
  '(?<!lib)http',
  String.raw`^[\w \.\-\(?:\):%]+(?:/v?\d+(?:\.\d+)?(?:\.\d{1,10})*?)?(?:,|$)`,
  String.raw`^[\w\-]+/[\w]+$`,
  '^[^ ]{50,}$',
  String.raw`^\w+/[\w\(\)]*$`,
  String.raw`^\w+/\d\.\d\s\([\w@]+\)$`,
  String.raw`\b\w+/1\.0;`,
  String.raw`;\s\w+;$`,
  String.raw`\(\)`,
  String.raw`\bperl\b`,
  String.raw`\btime/`,
  String.raw`\bort/`,
  String.raw`\bdlc\b`,
  String.raw`\bbw/`,
  String.raw`^\d+\b`,
  '^apache/',
  '^avsdevicesdk/',
  '^azure',
  '^client/',
  '^custom',
  String.raw`^dispatch/\d`,
  '^email',
  '^jetty/',
  '^microsoft bits',
  '^offline',
  '^php',
  '^postman',
  '^python',
  '^rank',
  '^read',
  '^rest',
  '^track',
  '^active',
  '^wget',
  'java(?!;)',
  'library',
  String.raw`node\b`,
  'proxy',
  'server',
  'tools',
  'url',
  'synapse',
  '^rss',
  String.raw`^[<\(;]`,
  '^claude-code/',
  'cursor/',
  String.raw`agent\b`,
  'insight',
  '^openai/',
  '^sora ',
  String.raw`\.com\b`,
];

/** Find the bots that the omitted patterns found. A library links its repository, a crawler its page. */
const OWN_PATTERNS = [
  String.raw`(?<!github)\.com\b`,
  String.raw`https?://(?!(?:www\.)?github\.com/)`,
  String.raw`compatible;(?!\s?(?:msie|konqueror))`,
  String.raw`\bfetcher\b|index(?:er|ing)\b|uptime|prefetch|^check_|web archiv|webcopy|sitesucker`,
  '-probe/|zabbix|nagios|datadog|nodeping|uptrends|thousandeyes|whatweb|acunetix|^zmeu',
  'meta-external|anthropic-ai|cohere-ai|hatena|viber|github-camo',
];

const left = new Set(CLIENT_PATTERNS);

/** Whether a `User-Agent` header names a crawler, a monitor or a link previewer. */
export const isBot: (userAgent: string) => boolean = createIsbotFromList([
  ...list.filter((pattern) => !left.has(pattern)),
  ...OWN_PATTERNS,
]);
