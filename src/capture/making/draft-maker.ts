import type { IncomingMessage } from 'node:http';
import type { IpPolicy } from '../../metadata/data-policy.js';
import type { AddressSettings } from '../../options/address-options.js';
import type { TrackerSettings } from '../../options/tracker-options.js';
import type { RecordingSettings } from '../../options/recording-options.js';
import { callIn } from '../../time/own-context.js';
import { BLANK } from '../../record/fields.js';
import { RecordIds } from '../../record/record-id.js';
import type { UsageRecordDraft } from '../../record/usage-record.js';
import { type ClientAddresses, applyPolicy } from '../client/address/client-address.js';
import { ConnectionMemory } from '../client/connection-memory.js';
import type { EffectivePolicy } from './effective-policy.js';
import type { Exchange } from '../exchange/exchange.js';
import type { Admission } from './gate.js';
import { redactRoute } from '../request/redaction.js';
import { detachedValues, readTarget } from '../request/request-target.js';
import type { Outcome } from '../exchange/response-outcome.js';
import { withoutText } from '../client/user-agent.js';

/** The part of the settings that a draft depends on. */
export type DraftSettings = RecordingSettings & AddressSettings & Pick<TrackerSettings, 'serverName'>;

/** Makes the drafts of closed exchanges, and remembers values that many drafts share. */
export class DraftMaker {
  readonly #settings: DraftSettings;
  readonly #addresses: ClientAddresses;
  readonly #connections = new ConnectionMemory();
  readonly #ids = new RecordIds();

  constructor(settings: DraftSettings, addresses: ClientAddresses) {
    this.#settings = settings;
    this.#addresses = addresses;
  }

  /**
   * Makes the draft of an exchange, without user name, location and visitor, which may be late.
   *
   * @param exchange - a concluded exchange
   */
  draft(exchange: Exchange, policy: EffectivePolicy, { weight, isAnonymous }: Admission): UsageRecordDraft {
    const { startedAtMs, durationMs } = exchange;
    const { software, origin } = this.#connections.read(exchange.context, exchange.connection);
    const draft = { ...BLANK };
    draft.id = this.#ids.next(startedAtMs + durationMs);
    draft.date = new Date(startedAtMs);
    draft.durationMs = Math.round(durationMs * 1000) / 1000;
    draft.serverName = this.#settings.serverName;
    describeRequest(draft, exchange, policy, origin);
    describeOutcome(draft, exchange);
    this.#describeClient(draft, exchange, isAnonymous ? 'none' : policy.ip);
    draft.userAgent = software.userAgent;
    if (!this.#settings.keepUserAgent || isAnonymous) draft.userAgent = withoutText(software.userAgent);
    draft.bot = software.bot;
    draft.trackVar = policy.data ? exchange.takeData() : null;
    draft.weight = weight;
    return draft;
  }

  #describeClient(draft: UsageRecordDraft, exchange: Exchange, ip: IpPolicy): void {
    const { asyncContext, remoteAddress } = exchange;
    const { headers } = exchange.context.req;
    draft.remoteAddr = ip === 'none' ? null : applyPolicy(this.#addresses.of(exchange), ip);
    draft.xForwardedFor = callIn(asyncContext, this.#addresses.forwardedFor, remoteAddress, headers, ip);
    draft.authorization = headers.authorization !== undefined;
  }
}

function describeRequest(
  draft: UsageRecordDraft,
  { context, attribution, route, params }: Exchange,
  policy: EffectivePolicy,
  origin: string,
): void {
  const { originalUrl } = context;
  const target = readTarget(originalUrl, policy.query);
  const own = params ? detachedValues(params, originalUrl) : params;
  const shown =
    policy.standIn === null
      ? redactRoute(target.path, own, policy.params, route)
      : { params: null, path: policy.standIn };
  draft.method = context.req.method ?? '';
  draft.url = origin + shown.path + target.search;
  draft.path = shown.path;
  draft.route = route;
  draft.query = target.query;
  draft.controller = attribution?.controllerName ?? null;
  draft.action = attribution?.actionName ?? null;
  draft.params = shown.params;
}

function describeOutcome(draft: UsageRecordDraft, exchange: Exchange): void {
  const outcome = exchange.outcome as Outcome;
  draft.status = outcome.status;
  draft.aborted = outcome.aborted;
  draft.errorType = exchange.errorType ?? outcome.errorType;
  draft.requestBytes = requestBodyBytes(exchange.context.req, exchange.requestBytes);
  draft.responseBytes = responseBodyBytes(outcome, exchange);
}

/** Null for a body that was written past the response's own methods, which is not counted. */
function responseBodyBytes(outcome: Outcome, exchange: Exchange): number | null {
  if (!outcome.sentBody) return 0;
  return exchange.countsResponse && !outcome.bypassed ? exchange.responseBytes : null;
}

/** A complete body has the length that its header declares; of any other body, the bytes that came count. */
function requestBodyBytes(request: IncomingMessage, counted: number): number {
  const declared = request.headers['content-length'];
  return request.complete && declared !== undefined ? Number(declared) : counted;
}
