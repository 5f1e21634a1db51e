import { TEXT_LIMITS } from '../../../record/limits.js';
import type { ClientAddresses } from '../address/client-address.js';
import type { DailySalts } from './daily-salts.js';
import type { Exchange } from '../../exchange/exchange.js';
import { visitorId } from './visitor-id.js';

/** Tells visitors apart within a day. */
export class Visitors {
  readonly #salts: DailySalts;
  readonly #addresses: ClientAddresses;
  readonly #serverName: string;
  readonly #onMiss: () => void;

  /** @param onMiss - learns that a record goes without a visitor, as no salt will come soon */
  constructor(salts: DailySalts, addresses: ClientAddresses, serverName: string, onMiss: () => void) {
    this.#salts = salts;
    this.#addresses = addresses;
    this.#serverName = serverName;
    this.#onMiss = onMiss;
  }

  /**
   * The visitor of an exchange.
   *
   * @returns null without an address or a salt, a promise if a salt may come soon; the promise never rejects
   */
  read(exchange: Exchange): string | null | Promise<string | null> {
    const address = this.#addresses.of(exchange);
    if (address === null) return null;
    const salt = this.#salts.find(exchange.startedAtMs);
    const userAgent = exchange.context.req.headers['user-agent'] ?? '';
    const capped = userAgent.slice(0, TEXT_LIMITS.userAgentString);
    if (salt === null) {
      this.#onMiss();
      return null;
    }
    if (!(salt instanceof Promise)) return visitorId(salt, address.full, capped, this.#serverName);
    return salt.then((found) => found && visitorId(found, address.full, capped, this.#serverName));
  }

  /** Wipes the salts. */
  close(): void {
    this.#salts.close();
  }
}
