import { TEXT_LIMITS } from '../../../record/limits.js';
import type { UsageRecordDraft } from '../../../record/usage-record.js';
import type { ClientAddresses } from '../address/client-address.js';
import type { DailySalts } from './daily-salts.js';
import type { Exchange } from '../../exchange/exchange.js';
import { visitorId } from './visitor-id.js';

/** How well visitors are told apart. */
export interface VisitorStats {
  /** Records without a visitor, as there was no salt in time. Anonymized ones and unknown addresses are not counted. */
  readonly missed: number;
}

/** Tells visitors apart within a day. */
export class Visitors {
  readonly #salts: DailySalts;
  readonly #addresses: ClientAddresses;
  readonly #serverName: string;
  /** The drafts that wait for a salt. */
  readonly #waiting = new Set<UsageRecordDraft>();
  #missed = 0;

  constructor(salts: DailySalts, addresses: ClientAddresses, serverName: string) {
    this.#salts = salts;
    this.#addresses = addresses;
    this.#serverName = serverName;
  }

  /** How many went without so far. */
  stats(): VisitorStats {
    return { missed: this.#missed };
  }

  /**
   * The visitor of an exchange.
   *
   * @param draft - the record's
   * @returns null if the address is not known or there is no salt, a promise if there may be one soon; it never rejects
   */
  read(draft: UsageRecordDraft, exchange: Exchange): string | null | Promise<string | null> {
    const address = this.#addresses.of(exchange);
    if (address === null) return null;
    const salt = this.#salts.find(exchange.startedAtMs);
    const userAgent = exchange.context.req.headers['user-agent'] ?? '';
    const capped = userAgent.slice(0, TEXT_LIMITS.userAgentString);
    if (salt === null) {
      this.#missed += 1;
      return null;
    }
    if (!(salt instanceof Promise)) return visitorId(salt, address.full, capped, this.#serverName);
    this.#waiting.add(draft);
    return salt.then((found) => found && visitorId(found, address.full, capped, this.#serverName));
  }

  /** Learns that a draft becomes a record as it is. */
  finish(draft: UsageRecordDraft): void {
    if (this.#waiting.delete(draft) && draft.visitor === null) this.#missed += 1;
  }

  /** Wipes the salts. */
  close(): void {
    this.#salts.close();
  }
}
