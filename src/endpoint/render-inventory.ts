import type {
  Inventory,
  InventoryApplication,
  InventoryEntry,
  InventoryPolicy,
  InventorySummaries,
} from './inventory.js';

const POLICY_COLUMNS = ['Address', 'Query', 'Parameters', 'Own data', 'Share', 'Kept for'];
const COLUMNS = ['Route', 'Action', 'Recorded', ...POLICY_COLUMNS, 'Notes'];

/** An inventory as a page of Markdown, with one row for each action and two for all other requests. */
export function renderInventory(inventory: Inventory): string {
  const { serverName, application, actions } = inventory;
  const rows = [...actions.map(rowOf), ...otherRows(application)];
  return [
    `# What ${escape(serverName)} records of its callers`,
    '',
    ...[...placesOf(inventory), ...callersOf(application), ...selectionOf(application)].map(
      ([what, how]) => `- ${what}: ${how}`,
    ),
    '',
    row(COLUMNS),
    row(COLUMNS.map(() => '---')),
    ...rows.map((cells) => row(cells.map(escape))),
    '',
  ].join('\n');
}

type Line = readonly [what: string, how: string];

function placesOf({ storages }: Inventory): Line[] {
  const places = storages.map(({ name, retentionDays }) => `${escape(name)} (${keptFor(retentionDays)})`);
  return [['Stored in', places.join(', ') || 'nothing yet']];
}

/** The lines on what is told of callers. */
function callersOf(application: InventoryApplication): Line[] {
  const { trustProxy, geo, user, visitorSaltHours, keepUserAgent, summaries } = application;
  return [
    [
      "Client's address",
      trustProxy
        ? 'as trusted proxies tell it; their X-Forwarded-For is kept where the whole address is'
        : "the socket's",
    ],
    [
      'Location',
      geo
        ? 'looked up by `geo` from the full address, whatever is kept of that; an end point learns it, and may be a third party'
        : 'not looked up',
    ],
    [
      'User name',
      user === 'basic'
        ? 'that of Basic authentication'
        : 'what the function `user` says, which may be a pseudonym (`hashUser`)',
    ],
    [
      'Visitors',
      visitorSaltHours === null
        ? 'not told apart'
        : `told apart within a day (UTC), by a salt that is deleted ${visitorSaltHours} hours after that day began if a ` +
          'tracker runs then, else when the next one starts',
    ],
    ['Text of the User-Agent header', keepUserAgent ? 'kept' : 'not kept'],
    ['Summed up', summedUp(summaries)],
  ];
}

/** The lines on which requests are recorded, and on the application's own redaction. */
function selectionOf(application: InventoryApplication): Line[] {
  const { respect, bots, ignorePaths, ignore, keepErrors, redact } = application;
  const ignored = [...ignorePaths.map(escape), ...(ignore ? ['what the function `ignore` says'] : [])];
  return [
    ['Clients that send Sec-GPC', `${respect.gpc}; DNT: ${respect.dnt}`],
    ['Known bots', bots === 'tag' ? 'recorded and tagged' : 'not recorded'],
    ['Requests that failed', keepErrors ? 'all recorded' : 'sampled as others are'],
    ['Requests that are left out', ignored.join(', ') || 'none'],
    ['Records are changed before they are stored', redact ? 'as the function `redact` says' : 'no'],
  ];
}

function rowOf(entry: InventoryEntry): string[] {
  const { method, route, controller, action, tracked, decidedBy } = entry;
  const verdict = verdictOf(tracked, entry, decidedBy);
  return [`${method} ${route}`, `${controller}.${action}`, ...verdict, notesOn(entry)];
}

/** What is said of the endpoint itself. */
function notesOn({ deprecation, keep }: InventoryEntry): string {
  const notes = keep === null ? [] : [`kept: ${keep}`];
  if (deprecation !== null) {
    const { since, sunset, replacement, link } = deprecation;
    notes.unshift(
      `deprecated since ${dayOf(since)}`,
      ...(sunset === null ? [] : [`may stop on ${dayOf(sunset)}`]),
      ...(replacement === null ? [] : [`replaced by ${replacement}`]),
      ...(link === null ? [] : [`see ${link}`]),
    );
  }
  return notes.join('; ') || '–';
}

/** The day of a moment in ISO 8601, or the moment itself where a day does not begin with it. */
function dayOf(moment: string): string {
  return moment.replace('T00:00:00.000Z', '');
}

/** The rows of requests to no listed action: a router's routes are known only when they are requested. */
function otherRows(application: InventoryApplication): string[][] {
  return [
    ['any route with tracked(), unless that says otherwise', '–', ...verdictOf(true, application), '–'],
    ['any other request', '–', ...verdictOf(application.trackUnmatched, application, 'default'), '–'],
  ];
}

function summedUp(summaries: InventorySummaries | null): string {
  if (summaries === null) return 'no';
  const { dimensions, personal, personalDays } = summaries;
  const persons =
    personal.length === 0 ? 'nobody' : `persons (${personal.join(', ')}), kept for ${keptFor(personalDays)}`;
  return `by ${dimensions.join(', ') || 'nothing'}, where a storage keeps summaries; rows name ${persons}`;
}

function keptFor(retentionDays: number | null): string {
  return retentionDays === null
    ? 'until deleted'
    : `${retentionDays} ${retentionDays === 1 ? 'day' : 'days'}`;
}

function verdictOf(tracked: boolean, policy: InventoryPolicy, decidedBy?: string): string[] {
  const verdict = `${tracked ? 'yes' : 'no'}${decidedBy === undefined ? '' : ` (${decidedBy})`}`;
  if (!tracked) return [verdict, ...POLICY_COLUMNS.map(() => '–')];
  const { ip, query, params, data, sampleRate, retentionDays } = policy;
  const rules = Object.entries(params).map(([name, rule]) => `${name}: ${rule}`);
  return [
    verdict,
    ip,
    query.join(', ') || 'none',
    rules.join(', ') || 'kept, but for secrets',
    data ? 'kept' : 'no',
    sampleRate === null ? 'by a function' : String(sampleRate),
    keptFor(retentionDays),
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Escapes Markdown: a name or a route with a bar in it would break the table. */
function escape(text: string): string {
  return text.replaceAll(/[\\|<>`*_[\]]/g, String.raw`\$&`).replaceAll(/\s+/g, ' ');
}
