import type { AnyReport, ReportBasis } from '../report/report.js';
import type { UsageReports } from '../report/usage-reports.js';
import type { Address } from './address.js';
import type { Html } from './html.js';

/** What a view is made from. */
export interface Asked {
  /** Reports that are asked at one moment, so that all figures of a page agree. */
  readonly reports: UsageReports;
  readonly address: Address;
}

/** What stands on a page. */
export interface Page {
  readonly heading: string;
  /** What the figures rest on, in parts; null where there are none. */
  readonly headline: readonly string[];
  /** What else is to be known, a line each. */
  readonly notes: readonly string[];
  readonly basis: Pick<ReportBasis, 'asOf' | 'timeZone' | 'services' | 'from' | 'to'> | null;
  readonly body: Html;
}

/** Fields of a form. */
export interface Fields {
  readonly names: readonly string[];
  readonly html: Html;
}

/** One kind of page, one a file. */
export interface View {
  /** What the address calls it. */
  readonly name: string;
  /** What the navigation calls it; null for a page that others lead to. */
  readonly navigation: string | null;
  /** Whether its days are chosen by dates alone. @default false */
  readonly isByDates?: boolean;
  /** The fields that the form has beside those of the period. @default none */
  readonly fields?: (address: Address) => Fields;
  /** The report behind the page, which is there as JSON and CSV too; none where a page has several. */
  readonly report?: (asked: Asked) => Promise<AnyReport>;
  readonly make: (asked: Asked) => Promise<Page>;
}
