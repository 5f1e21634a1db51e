/** The records of an action, by the names that they have of it; they are filters of a query, too. */
export interface UsageAction {
  /** The application. */
  readonly serverName: string;
  /** The controller; null for a route without a class. */
  readonly controller: string | null;
  /** The action, or what `tracked({ name })` calls a route. */
  readonly action: string | null;
}

/** An action with a retention of its own, which counts where it is shorter than that of others. */
export interface ShortLivedAction {
  readonly of: UsageAction;
  /** How long its records are kept, in milliseconds. */
  readonly keepMs: number;
}

/** An action's name among others. */
export function actionKey({ serverName, controller, action }: UsageAction): string {
  return JSON.stringify([serverName, controller, action]);
}
