import type { UsagePerson } from '../../storage/usage-person.js';
import type { CliOptions } from '../command.js';
import { wrongUsage } from '../failure.js';
import type { Values } from '../values.js';

/** The options that say which person is meant. */
export const PERSON_OPTIONS: CliOptions = {
  username: { value: 'NAME', about: 'The person of this user name, as records have it.' },
  visitor: { value: 'ID', about: 'Instead of --username, the visitor of a day.' },
};

/**
 * The person that a call is about.
 *
 * @throws {CliError} if it is none, or more than one
 */
export function personOf(values: Values): UsagePerson {
  values.refuseTogether('username', 'visitor');
  const [username, visitor] = [values.text('username'), values.text('visitor')];
  if (username !== undefined) return { username };
  if (visitor !== undefined) return { visitor };
  throw wrongUsage('Of whom? Give --username or --visitor.');
}
