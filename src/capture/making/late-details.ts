import type { Clock } from '../../time/clock.js';
import type { AddressSettings } from '../../options/address-options.js';
import type { GeoSettings } from '../../options/geo-options.js';
import type { TrackerSettings } from '../../options/tracker-options.js';
import { countryOf } from '../../record/geo-info.js';
import type { JsonObject, UsageRecordDraft } from '../../record/usage-record.js';
import { AddressLocator, type LocatorStats } from '../client/location/address-locator.js';
import type { ClientAddresses } from '../client/address/client-address.js';
import type { DailySalts } from '../client/visitor/daily-salts.js';
import type { Exchange } from '../exchange/exchange.js';
import type { Impatience, Lack, LateField, LatePart } from './waiting-room.js';
import type { RecordSink } from '../record-sink.js';
import { callIn } from '../../time/own-context.js';
import { UserNames } from '../client/user/user-names.js';
import { Visitors } from '../client/visitor/visitors.js';

/** How long a draft waits for an asynchronous `user`, in milliseconds. */
const USER_WAIT_MS = 1000;

/** How long a draft waits for the salt of its day, in milliseconds. */
const SALT_WAIT_MS = 1000;

const INCOMPLETE =
  "records go without what they wait for; stats().incomplete counts them. Either more than 'queue.maxRecords' wait, or the option " +
  `'user' takes longer than ${USER_WAIT_MS} ms: let it answer faster, as from a session that has been read.`;

/**
 * Records without a part, by field and reason: too many drafts waited (`full`), the part took too long (`late`), the tracker
 * was closed, or the part could not be had (`failed`): `user` threw, or no salt came. Failed look-ups of locations are in `geo`.
 */
export type Incomplete = Readonly<
  Record<LateField | 'trackVar', Readonly<Record<Impatience | 'failed', number>>>
>;

/** The part of the settings that says who calls, from where, and which visitor it is. */
export type LateSettings = AddressSettings &
  Pick<TrackerSettings, 'user' | 'serverName'> & { readonly clock: Clock; readonly geo: GeoSettings | null };

/** Fills in the late parts of a draft: who calls, from where, and which visitor it is. */
export class LateDetails {
  readonly #users: UserNames;
  readonly #sink: RecordSink;
  readonly #incomplete = { username: noLack(), ipInfo: noLack(), visitor: noLack(), trackVar: noLack() };
  readonly #addresses: ClientAddresses;
  readonly #locator: AddressLocator | null;
  readonly #geoWaitMs: number;
  readonly #visitors: Visitors | null;

  /** @param salts - the salts of visitors' pseudonyms; null without the option `visitors` */
  constructor(
    settings: LateSettings,
    addresses: ClientAddresses,
    sink: RecordSink,
    salts: DailySalts | null,
  ) {
    const { clock, geo } = settings;
    this.#sink = sink;
    this.#users = new UserNames(settings, (error) => {
      this.#incomplete.username.failed += 1;
      sink.fault("the option 'user'", error);
    });
    this.#addresses = addresses;
    this.#geoWaitMs = geo?.maxWaitMs ?? 0;
    this.#locator = geo === null ? null : new AddressLocator(clock, geo, sink);
    const onMiss = (): void => void (this.#incomplete.visitor.failed += 1);
    this.#visitors = salts === null ? null : new Visitors(salts, addresses, settings.serverName, onMiss);
  }

  /** What became of the addresses that were looked up; null without the option `geo`. */
  get geo(): LocatorStats | null {
    return this.#locator?.stats() ?? null;
  }

  /** The records that went without a part so far. */
  get incomplete(): Incomplete {
    return structuredClone(this.#incomplete);
  }

  /** Counts a record that was made before data of the application came. */
  lacksData(): void {
    this.#incomplete.trackVar.late += 1;
  }

  /**
   * Fills in the parts that are known at once.
   *
   * @param isAnonymous - whether the record may tell nothing of the caller but the country
   * @returns the late parts; null if there are none
   */
  begin(draft: UsageRecordDraft, exchange: Exchange, isAnonymous: boolean): readonly LatePart[] | null {
    const { context, asyncContext } = exchange;
    const name = isAnonymous ? null : callIn(asyncContext, this.#users.read, context);
    const place = this.#locator === null ? null : this.#locate(this.#locator, exchange, isAnonymous);
    const visitor = this.#visitors === null || isAnonymous ? null : this.#visitors.read(exchange);
    let late: LatePart[] | null = null;
    if (name instanceof Promise)
      (late ??= []).push({ field: 'username', value: name, maxWaitMs: USER_WAIT_MS });
    else draft.username = name;
    if (place instanceof Promise)
      (late ??= []).push({ field: 'ipInfo', value: place, maxWaitMs: this.#geoWaitMs });
    else draft.ipInfo = place;
    if (visitor instanceof Promise)
      (late ??= []).push({ field: 'visitor', value: visitor, maxWaitMs: SALT_WAIT_MS });
    else draft.visitor = visitor;
    return late;
  }

  /** Counts the parts that a draft lacks when it becomes a record. */
  countLack({ fields, why }: Lack): void {
    for (const field of fields) this.#incomplete[field][why] += 1;
    // A late location is no fault: an option says how long to wait for it.
    if (why === 'full' || (why === 'late' && fields.has('username'))) {
      this.#sink.warn('incomplete', INCOMPLETE);
    }
  }

  /** Ends all look-ups, and wipes the salts of visitors. */
  close(): void {
    this.#locator?.close();
    this.#visitors?.close();
  }

  /** Looks up the full address, whatever the record keeps: the look-up ends before the record is made. */
  #locate(
    locator: AddressLocator,
    exchange: Exchange,
    isAnonymous: boolean,
  ): JsonObject | null | Promise<JsonObject | null> {
    const address = this.#addresses.of(exchange);
    if (address === null) return null;
    const location = locator.locate(address.full, exchange.asyncContext);
    if (!isAnonymous) return location;
    return location instanceof Promise ? location.then(countryOf) : countryOf(location);
  }
}

function noLack(): Record<Impatience | 'failed', number> {
  return { full: 0, late: 0, closed: 0, failed: 0 };
}
