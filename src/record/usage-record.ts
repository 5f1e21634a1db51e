/** Any JSON value. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** An object of JSON values. */
export type JsonObject = { readonly [name: string]: JsonValue };

/** What the `User-Agent` and `Accept-Language` headers tell of the client. */
export interface UserAgent {
  /** The browser's name, such as `Firefox`, else the client's first product token, such as `okhttp`; null if there is none. */
  readonly browser: string | null;
  /** The version of the browser or the product, such as `143.0`; null if it cannot be told. */
  readonly version: string | null;
  /** The operating system's name, such as `Windows`; null if it cannot be told. */
  readonly platform: string | null;
  /** The language that the client prefers, such as `de-CH`; null if it names none. */
  readonly language: string | null;
  /** The header's text; null if it was not sent. */
  readonly string: string | null;
}

/** One tracked request. Frozen; the same for every storage. */
export interface UsageRecord {
  /** UUIDv7 (RFC 9562), the key in every storage. */
  readonly id: string;
  /** When the request started, UTC, to the millisecond. */
  readonly date: Date;
  /** From the request's start to the response's close, in milliseconds, to the microsecond. */
  readonly durationMs: number;
  /** The application that answered. */
  readonly serverName: string;
  /** The request's method, such as `GET`. */
  readonly method: string;
  /** Origin, path and the query names that are allowed; never credentials. */
  readonly url: string;
  /** The path as it was sent, percent-encoded. */
  readonly path: string;
  /** The template of the route that ran, with its prefix; null if none matched. */
  readonly route: string | null;
  /** The allowed query names, each with its value or list of values; null if there are none. */
  readonly query: JsonObject | null;
  /** The controller's class name; null if no controller ran. */
  readonly controller: string | null;
  /** The action's method name; null if no controller ran. */
  readonly action: string | null;
  /** The route's parameters; null if it has none. */
  readonly params: JsonObject | null;
  /** The status that went out on the wire; null if nothing went out before the response closed. */
  readonly status: number | null;
  /** Whether the client left before the response was complete. */
  readonly aborted: boolean;
  /** The class name of the error that the action threw; null if it threw none. */
  readonly errorType: string | null;
  /** Bytes of the request's body; null if they cannot be told. */
  readonly requestBytes: number | null;
  /** Bytes of the response's body; null if they cannot be told. */
  readonly responseBytes: number | null;
  /** What the option `ip` leaves of the client's address; null if it is not known. */
  readonly remoteAddr: string | null;
  /** The `X-Forwarded-For` header that a trusted proxy sent; null unless full addresses are kept. */
  readonly xForwardedFor: string | null;
  /** Whether the request bore credentials in its `Authorization` header. */
  readonly authorization: boolean;
  /** Who called; null if nobody is known. */
  readonly username: string | null;
  /** The client's software. */
  readonly userAgent: UserAgent;
  /** Whether the user agent is that of a crawler, a monitor or a link previewer; libraries for HTTP are none. */
  readonly bot: boolean;
  /** What is known of the address's location; null if it was not looked up. */
  readonly ipInfo: JsonObject | null;
  /** The visitor's pseudonym; null if visitors are not told apart. */
  readonly visitor: string | null;
  /** The application's own data; null if there is none. */
  readonly trackVar: JsonObject | null;
  /** How many requests this record stands for (1 / sample rate). */
  readonly weight: number;
}

/** A record while it is being made. */
export type UsageRecordDraft = { -readonly [Field in keyof UsageRecord]: UsageRecord[Field] };
