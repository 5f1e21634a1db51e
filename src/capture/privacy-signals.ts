import type { IncomingHttpHeaders } from 'node:http';
import type { SignalResponse, WhatSettings } from '../options/what-options.js';

/**
 * What is to be done for a client that asks not to be watched: by Global Privacy Control (`Sec-GPC: 1`, W3C) or by
 * Do Not Track (`DNT: 1`). Where it sends both, the stricter answer counts.
 */
export function readSignals(headers: IncomingHttpHeaders, respect: WhatSettings['respect']): SignalResponse {
  const gpc = headers['sec-gpc'] === '1' ? respect.gpc : 'ignore';
  const dnt = headers['dnt'] === '1' ? respect.dnt : 'ignore';
  if (gpc === 'skip' || dnt === 'skip') return 'skip';
  return gpc === 'anonymise' || dnt === 'anonymise' ? 'anonymise' : 'ignore';
}
