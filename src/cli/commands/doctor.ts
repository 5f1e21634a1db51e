import { resolve } from 'node:path';
import { styleText } from 'node:util';
import { escapeControl } from '../../record/escape-control.js';
import { wrapped } from '../../report/rendering/text-width.js';
import { isStorage } from '../../storage/usage-storage.js';
import type { Call, Command } from '../command.js';
import { checkPackages } from '../doctor/check-packages.js';
import { checkRegister } from '../doctor/check-register.js';
import { checkSpool } from '../doctor/check-spool.js';
import { checkStream } from '../doctor/check-stream.js';
import { checkClocks, checkRights } from '../doctor/check-storage.js';
import { checkFolding, checkZone } from '../doctor/check-summaries.js';
import { type Finding, fault, fine, hint } from '../doctor/finding.js';
import { EXIT } from '../failure.js';
import { jsonText } from '../../report/rendering/json.js';
import type { Output } from '../output.js';
import { openStream } from '../source/stream.js';

const COLORS = { fault: 'red', advice: 'yellow', fine: 'green' } as const;

/** What is told of losses is told of the last days, in milliseconds. */
const LOOK_BACK_MS = 7 * 86_400_000;

/** The place of the kinds, in characters. */
const MARGIN = 8;

/** Says what is wrong with a set-up. */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Says what is wrong with a set-up: what, where, and what to do. It ends with 1 if anything is.',
  details: [
    'It looks at Node, the installed packages, the table, rights, clocks, summaries, the stream, the spool, the trackers, and losses. It makes ' +
      'no table, and changes no row.',
  ],
  options: {
    spool: { value: 'DIR', about: "The folder of the option 'spool'. Default: that of the configuration." },
    json: { about: 'Prints the findings as JSON.' },
  },
  examples: ['doctor', 'doctor --database postgres://usage@db.example/shop --spool /var/spool/usage'],
  async run(call) {
    const { values, out } = call;
    const findings = [
      ...(await checkPackages(call.io.cwd)),
      ...(await checkDatabase(call)),
      ...(await checkStreams(call)),
      ...(await checkSpools(call)),
    ];
    await out.write(values.has('json') ? jsonText({ findings }) : textOf(findings, out));
    return findings.some(({ kind }) => kind === 'fault') ? EXIT.found : EXIT.fine;
  },
};

async function checkDatabase(call: Call): Promise<Finding[]> {
  const { source, io } = call;
  if (!(await source.isGiven()))
    return [
      hint('No database was looked at', null, 'Give --database or --config to have it looked at as well.'),
    ];
  const storage = await source.readable('read').catch((error: unknown) => refusal(error));
  if (!isStorage(storage)) return [storage];
  const { signal, clock } = io;
  const now = (): number => clock.now();
  const store = storage.register ?? storage.summaries?.store;
  const nowMs = io.clock.now();
  const span = { startMs: nowMs - LOOK_BACK_MS, endMs: nowMs };
  const configured = (await source.config())?.summaries ?? null;
  const checks = [
    () => checkClocks(storage, now, signal),
    () => checkRights(() => source.storage('write'), signal),
    ...(store ? [() => checkFolding(store, storage.reader, nowMs, signal)] : []),
    ...(store ? [() => checkZone(store, configured, signal)] : []),
    ...(store ? [() => checkRegister(store, span, signal)] : []),
  ];
  const findings: (Finding | Finding[])[] = [fine('The records can be read', storage.name)];
  for (const check of checks) findings.push(await check().catch((error: unknown) => refusal(error)));
  return findings.flat();
}

/** What could not be looked at. */
function refusal(error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  return fault(message.replace(/\.$/, ''), null, 'Mend that, and call the doctor again.');
}

async function checkStreams({ source, io }: Call): Promise<Finding[]> {
  const stream = (await source.config())?.stream ?? null;
  if (stream === null) return [];
  try {
    const opened = await openStream(stream, true);
    return await checkStream(opened, io.clock.now()).finally(() => opened.close?.());
  } catch (error) {
    return [refusal(error)];
  }
}

async function checkSpools({ source, values, io }: Call): Promise<Finding[]> {
  const dir = values.text('spool') ?? (await source.config())?.spool?.dir;
  return dir === undefined ? [] : [await checkSpool(resolve(io.cwd, dir), io.clock.now())];
}

function textOf(findings: readonly Finding[], { stream, width }: Output): string {
  const place = Math.max(MARGIN, (width ?? Infinity) - MARGIN);
  const lines = findings.flatMap(({ kind, what, where, advice }) => {
    const told = [`${what}${where === null ? '' : ` (${where})`}`, ...(advice === null ? [] : [advice])];
    const [first = '', ...others] = told.flatMap((text) => wrapped(escapeControl(text), place));
    const label = styleText(COLORS[kind], kind.padEnd(MARGIN), { stream });
    return [label + first, ...others.map((line) => ' '.repeat(MARGIN) + line)];
  });
  const faults = findings.filter(({ kind }) => kind === 'fault').length;
  const end = faults === 0 ? 'Nothing is wrong.' : `${faults} of ${findings.length} findings are faults.`;
  return `${lines.join('\n')}\n\n${end}\n`;
}
