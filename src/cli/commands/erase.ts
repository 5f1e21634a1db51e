import { escapeControl } from '../../record/escape-control.js';
import type { ErasureReport, UsagePerson } from '../../storage/usage-person.js';
import type { UsageStorage } from '../../storage/usage-storage.js';
import { counted } from '../../report/words.js';
import type { Command } from '../command.js';
import { CONFIRM_OPTIONS, confirm } from '../confirm.js';
import { CliError, EXIT } from '../failure.js';
import { jsonText } from '../../report/rendering/json.js';
import { PERSON_OPTIONS, personOf } from './person.js';

/** Erases a person. */
export const eraseCommand: Command = {
  name: 'erase',
  summary: 'Erases a person: all records, and what summaries say of the name.',
  details: [
    'Records that a tracker still holds in its queue or its spool are stored later; erase once more then. So are those that wait in a stream; ' +
      'its dead letters are never reached. It makes no table.',
  ],
  options: {
    ...PERSON_OPTIONS,
    ...CONFIRM_OPTIONS,
    json: { about: 'Prints the report as JSON.' },
  },
  examples: [
    'erase --username ada --database postgres://usage@db.example/shop',
    'erase --visitor 5f0c… --yes --json',
  ],
  async run(call) {
    const { values, io, out, source } = call;
    const person = personOf(values);
    const storage = await source.storage('write');
    if (storage.erase === undefined)
      throw new CliError(EXIT.usage, `The storage '${storage.name}' cannot delete single records.`);
    if (!(await confirm(call, await announce(storage, person)))) return EXIT.fine;
    const report = await storage.erase(person, io.signal);
    await out.write(values.has('json') ? jsonText(report) : textOf(report));
    return EXIT.fine;
  },
};

async function announce({ name, reader }: UsageStorage, person: UsagePerson): Promise<string> {
  const whom = person.username ?? person.visitor;
  const count = await reader?.countUsage(person);
  const records = count === undefined ? 'All records' : counted(count, 'record');
  return `${records} of '${whom}' will be erased from the storage '${name}', and from its summaries.`;
}

function textOf({ storage, records, summaries, totalsUntil }: ErasureReport): string {
  const lines = [
    `Erased from ${storage}: ${records === null ? 'an unknown number of records' : counted(records, 'record')}, ${counted(summaries, 'period')} of summaries.`,
  ];
  const isFound = records !== 0 || summaries > 0;
  if (totalsUntil !== null && isFound)
    lines.push(`Totals before ${totalsUntil.toJSON()} still count the requests, without the name.`);
  return `${escapeControl(lines.join(' '))}\n`;
}
