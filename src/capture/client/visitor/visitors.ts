import { TEXT_LIMITS } from '../../../record/limits.js';
import type { UsageRecordDraft } from '../../../record/usage-record.js';
import type { ClientAddresses } from '../address/client-address.js';
import type { DailySalts } from './daily-salts.js';
import type { Exchange } from '../../exchange/exchange.js';
import { visitorId } from './visitor-id.js';

/** How well visitors are told apart. */
export interface VisitorStats {
  /** Records without a visitor, as no salt came in time. Anonymized and unknown clients are not counted. */
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

  /** The figures so far. */
  stats(): VisitorStats {
    return { missed: this.#missed };
  }

  /**
   * The visitor of an exchange.
   *
   * @param draft - the draft of the exchange's record
   * @returns null without an address or a salt, a promise if a salt may come soon; the promise never rejects
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

  /** Counts a draft that becomes a record without its visitor. */
  finish(draft: UsageRecordDraft): void {
    if (this.#waiting.delete(draft) && draft.visitor === null) this.#missed += 1;
  }

  /** Wipes the salts. */
  close(): void {
    this.#salts.close();
  }
}
