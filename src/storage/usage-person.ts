import { TrackUsageError } from '../errors.js';
import { isObject, isText, show } from '../option-reader.js';

/** A person of whom there are records: by name, or by the pseudonym of a day. */
export type UsagePerson =
  | { readonly username: string; readonly visitor?: undefined }
  | { readonly visitor: string; readonly username?: undefined };

/** What was erased of a person from one storage. */
export interface ErasureReport {
  /** The storage's name. */
  readonly storage: string;
  /** Records that were deleted; null where the storage cannot delete single ones. */
  readonly records: number | null;
  /** Hours, days and parts of hours whose summaries named the person. */
  readonly summaries: number;
  /**
   * Where days are sealed, the moment before which totals still count requests that the person may have made, without
   * the name; else null.
   */
  readonly totalsUntil: Date | null;
}

/**
 * Checks who is meant.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if it is nobody, or more than one
 */
export function checkPerson(method: string, person: unknown): UsagePerson {
  const names = isObject(person) ? Object.entries(person).filter(([, value]) => value !== undefined) : [];
  const [[field, value] = []] = names as [string, unknown][];
  if (names.length === 1 && (field === 'username' || field === 'visitor') && isText(value))
    return { [field]: value } as unknown as UsagePerson;
  throw new TrackUsageError(
    'INVALID_QUERY',
    `${method}: 'person' is ${show(person)}; expected whom: { username } or { visitor }, with text that is not empty.`,
  );
}
