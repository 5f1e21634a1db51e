import { readRegister } from '../../endpoint/read-register.js';
import type { RegisteredEndpoint } from '../../endpoint/register.js';
import type { Column, Sheet } from '../../report/rendering/column.js';
import { column, endpointColumns } from '../../report/rendering/columns.js';
import { counted } from '../../report/words.js';
import { jsonText } from '../../report/rendering/json.js';
import { checkManifest } from '../compiled/check-manifest.js';
import { CONTROLLER_OPTIONS } from '../compiled/load-build.js';
import type { Call, Command } from '../command.js';
import { CliError, EXIT, unknownService } from '../failure.js';
import { printSheet } from './report-command.js';

/** What running builds say that is tracked. */
export const inventoryCommand: Command = {
  name: 'inventory',
  summary: 'Lists the endpoints that running instances declare, and whether each is tracked.',
  details: [
    'It tells what trackers have entered into the register of endpoints. What is kept of each request, tracker.inventory() tells ' +
      'within the application.',
    '--check holds the decorators of a build against a file among its sources, and needs no records. It ends with 1 and names each difference: an action that ' +
      'has lost its tracking, one whose policy is another, one that is new, and one that has gone. --update writes the file, which is then reviewed ' +
      "like any other change. What the application's options add, assertInventory() of koa-track-usage/testing looks at.",
  ],
  options: {
    service: { value: 'NAME', about: 'Only this service. Default: all.' },
    untracked: { about: 'Only what is not tracked.' },
    json: { about: 'Prints JSON.' },
    check: {
      value: 'FILE',
      about: 'The file, such as usage-inventory.json, that the build of --controllers is held against.',
    },
    ...CONTROLLER_OPTIONS,
    update: { about: 'With --check, writes the file.' },
    github: { about: 'With --check, prints annotations for GitHub Actions.' },
  },
  examples: [
    'inventory',
    'inventory --untracked --json',
    "inventory --check usage-inventory.json --controllers 'dist/controllers/*.js' --prefix /api",
  ],
  async run(call) {
    const { values, out, err, io } = call;
    const file = values.text('check');
    if (file !== undefined) return checkManifest(call, file);
    values.refuseWithout('check', 'controllers', 'prefix', 'update', 'github');
    const service = values.text('service');
    const all = await declared(call);
    const services = [...new Set(all.map((one) => one.service))];
    if (service !== undefined && !services.includes(service)) throw unknownService(service, services);
    const endpoints = all.filter(
      (one) =>
        (service === undefined || one.service === service) && !(values.has('untracked') && one.tracked),
    );
    if (values.has('json')) await out.write(jsonText({ inventory: endpoints }));
    else await printSheet(out, err, sheetOf(endpoints, new Date(io.clock.now())));
    return EXIT.fine;
  },
};

/** What an instance declares that seems to run. */
async function declared({ source, io }: Call): Promise<readonly RegisteredEndpoint[]> {
  const storage = await source.storage('read');
  if (storage.register === undefined)
    throw new CliError(EXIT.usage, `The storage '${storage.name}' keeps no register of endpoints.`);
  const nowMs = io.clock.now();
  const register = await readRegister(storage.register, { startMs: nowMs, endMs: nowMs }, io.signal);
  return register.endpoints.filter(({ isDeclared }) => isDeclared);
}

const DEPRECATED: Column<RegisteredEndpoint> = {
  name: 'since',
  title: 'DEPRECATED',
  kind: 'day',
  value: ({ deprecation }) => deprecation?.since ?? null,
};

function columnsOf(services: readonly string[]): Column<RegisteredEndpoint>[] {
  return [
    ...endpointColumns<RegisteredEndpoint>(services),
    {
      name: 'tracked',
      title: 'TRACKED',
      kind: 'flag',
      rank: 0,
      value: ({ tracked }) => tracked,
      tone: ({ tracked }) => (tracked ? 'good' : 'faint'),
    },
    {
      name: 'sampleRate',
      title: 'SHARE',
      kind: 'text',
      value: ({ tracked, sampleRate }) =>
        tracked
          ? sampleRate === null
            ? 'by a function'
            : `${Number((sampleRate * 100).toPrecision(12))} %`
          : null,
    },
    column('trackedSince', 'SINCE', 'day'),
    {
      name: 'action',
      title: 'ACTION',
      kind: 'text',
      rank: 3,
      value: ({ controller, action }) =>
        [controller, action].filter((name) => name !== null).join('.') || null,
    },
    column('lastVersion', 'VERSION', 'text', { rank: 3 }),
    DEPRECATED,
    column('keep', 'KEPT AS', 'text'),
  ];
}

function sheetOf(rows: readonly RegisteredEndpoint[], asOf: Date): Sheet<RegisteredEndpoint> {
  const services = [...new Set(rows.map(({ service }) => service))];
  const tracked = rows.filter((row) => row.tracked).length;
  const headline = [
    services.join(', ') || 'no service yet',
    counted(rows.length, 'endpoint'),
    `${tracked} tracked`,
  ];
  return { headline, notes: [], columns: columnsOf(services), rows, timeZone: 'UTC', asOf };
}
