import { show } from '../../option-reader.js';
import type { Command } from '../command.js';
import { EXIT } from '../failure.js';
import { writeLines } from '../lines.js';
import { PERSON_OPTIONS, personOf } from './person.js';

/** What a person may ask for: all records of the person. */
export const exportCommand: Command = {
  name: 'export',
  summary: 'Writes all records of a person as lines of JSON, the newest first.',
  options: PERSON_OPTIONS,
  examples: ['export --username ada --database sqlite:usage.db > ada.ndjson'],
  async run({ values, out, err, source }) {
    const person = personOf(values);
    const { reader } = await source.readable('read');
    const count = await writeLines(out, reader.streamUsage(person));
    if (count === 0) await err.write(`no records of ${show(person.username ?? person.visitor)}\n`);
    return EXIT.fine;
  },
};
