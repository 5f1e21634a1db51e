/** What tells an endpoint from others for ever: a renamed class keeps its history, and a changed template is a new endpoint. */
export interface EndpointIdentity {
  /** What the records call the application. */
  readonly service: string;
  /** The request's method in capitals; `ALL` for every method. */
  readonly method: string;
  /** The route's template with its prefix. */
  readonly route: string;
}

/** What is said of an endpoint that is to go. */
export interface EndpointDeprecation {
  /** Since when the endpoint is deprecated. */
  readonly since: Date;
  /** When it will be gone; null if nobody has said so. */
  readonly sunset: Date | null;
  /** What to call instead: a path or a URL. */
  readonly replacement: string | null;
  /** Where the deprecation is explained: a path or a URL. */
  readonly link: string | null;
}

/** What a build declares of an endpoint. */
export interface EndpointDeclaration {
  readonly method: string;
  readonly route: string;
  /** What records call the controller and the action; null for a plain route. */
  readonly controller: string | null;
  readonly action: string | null;
  readonly tracked: boolean;
  /** The share of requests that is recorded; null where a function decides. */
  readonly sampleRate: number | null;
  readonly deprecation: EndpointDeprecation | null;
  /** How many days its records are kept, where they go before those of others and no summary tells of them then; else null. */
  readonly recordsDays: number | null;
  /** Why the endpoint stays although nobody calls it, as `@Tracked({ keep })` says; null if nothing is said. */
  readonly keep: string | null;
}

/** An endpoint that some build has declared, and how it was watched in a span of time. */
export interface RegisteredEndpoint extends EndpointIdentity, EndpointDeclaration {
  /** When a build first declared it. */
  readonly firstDeclared: Date;
  /** When an instance last declared it. */
  readonly lastDeclared: Date;
  /** Since when it is tracked without a break; null if it is not tracked now. */
  readonly trackedSince: Date | null;
  readonly firstVersion: string | null;
  readonly lastVersion: string | null;
  /** Whether an instance that seems to run declares it. */
  readonly isDeclared: boolean;
  /**
   * The moment since which no instance can have answered for it: when the last one that declared it closed, or two hours after the last sign
   * of life of one that did not close. Null while it is declared.
   */
  readonly goneSince: Date | null;
  /**
   * The days of the span on which an instance watched it: one whose build declares it as tracked, and that answers may still tell of. Where
   * it is tracked now, only days since it is without a break.
   */
  readonly watchedDays: number;
  /** The lowest share of requests that was recorded in the span: 1 where all were; null where a function decided. */
  readonly lowestSampleRate: number | null;
  /** Requests to it in the span that no record was made of, by reason, as configured; sampling is not among them. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** How a service was watched on a day, in the time zone of the summaries. */
export interface WatchedDay {
  readonly service: string;
  readonly start: Date;
  /** Processes that were there. */
  readonly instances: number;
  /** Of these, those that seem to have ended without storing what was queued. */
  readonly unclosed: number;
  /** The last sign of life of an instance on the day: the figures hold until then. */
  readonly asOf: Date;
  /** Records that were made. */
  readonly accepted: number;
  /** Records that were lost, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Requests that no record was made of, by reason, as configured. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** What is known of the endpoints of all services, and how they were watched in a span of time. */
export interface EndpointRegister {
  readonly endpoints: readonly RegisteredEndpoint[];
  readonly days: readonly WatchedDay[];
  /** The moment before which nothing is known for certain, as an instance has deleted what was older by its retention; null for none. */
  readonly knownSince: Date | null;
}
