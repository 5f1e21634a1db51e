import type { IncomingHttpHeaders } from 'node:http';
import type { SignalResponse, RecordingSettings } from '../../options/recording-options.js';

/** A header that was sent several times arrives as a list. */
const LISTED = /(?:^|,)\s*1\s*(?:,|$)/;

/**
 * Reads how to treat a client that asks not to be watched, by Global Privacy Control (`Sec-GPC: 1`, W3C) or
 * by Do Not Track (`DNT: 1`). For a client that sends both, the stricter setting counts.
 */
export function readSignals(
  headers: IncomingHttpHeaders,
  respect: RecordingSettings['respect'],
): SignalResponse {
  const gpc = isSet(headers['sec-gpc']) ? respect.gpc : 'ignore';
  const dnt = isSet(headers['dnt']) ? respect.dnt : 'ignore';
  if (gpc === 'skip' || dnt === 'skip') return 'skip';
  return gpc === 'anonymize' || dnt === 'anonymize' ? 'anonymize' : 'ignore';
}

function isSet(header: string | readonly string[] | undefined): boolean {
  return header === '1' || (header !== undefined && LISTED.test(String(header)));
}
