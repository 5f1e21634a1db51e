import { isObject, option, readOptions, refuseOption } from '../option-reader.js';
import type { OptionPlace } from '../option-reader.js';
import type { DimensionName, SummaryDimension } from '../storage/usage-summary.js';
import { DEFAULT_DIMENSIONS, DIMENSION_NAMES, type Dimension, dimensionOf } from '../summary/dimensions.js';
import { isTimeZone } from '../summary/periods.js';

const DIMENSIONS = `a list of ${DIMENSION_NAMES.join(', ')}, or of what defineSummary returned, each of them once`;

/** What is summed up, and by which calendar. */
export class SummariesOptions {
  /** The time zone of hours, days and months, such as `'Europe/Berlin'`. All processes have to agree. @default 'UTC' */
  readonly timeZone? = option<string>({
    default: 'UTC',
    expected: "a time zone that this machine knows, such as 'Europe/Berlin'",
    accepts: isTimeZone,
  });
  /**
   * What requests are summed up by: names of dimensions, and those of `defineSummary`. Each is paid for with every record. One that is
   * not listed is answered record by record. @default ['endpoint', 'caller', 'endpointCaller', 'status', 'client', 'server']
   */
  readonly dimensions? = option<readonly (DimensionName | SummaryDimension)[]>({
    default: readDimensions(DEFAULT_DIMENSIONS, { subject: '', name: '' }),
    expected: DIMENSIONS,
    convert: readDimensions,
  });
}

/** The settings of summaries. */
export interface SummariesSettings {
  readonly timeZone: string;
  readonly dimensions: readonly Dimension[];
}

/** The option `summaries`: false for none. */
export function summaries(): false | SummariesOptions | undefined {
  const read = (subject: string, given: false | SummariesOptions): SummariesSettings | null =>
    given === false ? null : readOptions(subject, SummariesOptions, given, 'summaries');
  return option<false | SummariesOptions>({
    table: SummariesOptions,
    default: read('', {}),
    expected: 'false, or an object such as { timeZone }',
    accepts: (value) => value === false || isObject(value),
    convert: (given, { subject }) => read(subject, given),
  });
}

function readDimensions(given: unknown, place: OptionPlace): readonly Dimension[] {
  const list: unknown[] = Array.isArray(given) ? Array.from(given) : refuseOption(place, given, DIMENSIONS);
  const dimensions = list.map((one) => dimensionOf(one) ?? refuseOption(place, one, DIMENSIONS));
  const isTwice = new Set(dimensions.map(({ name }) => name)).size < dimensions.length;
  return isTwice ? refuseOption(place, given, DIMENSIONS) : dimensions;
}
