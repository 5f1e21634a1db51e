/** The records of an action, by the names that they have of it; they are filters of a query, too. */
export interface UsageAction {
  /** The application. */
  readonly serverName: string;
  /** The controller; null for a route without a class. */
  readonly controller: string | null;
  /** The action, or what `tracked({ name })` calls a route. */
  readonly action: string | null;
}

/** An action whose records are kept for a shorter time than those of others. */
export interface ShortLivedAction {
  readonly of: UsageAction;
  /** How long they are kept, in milliseconds. */
  readonly keepMs: number;
}

/** An action's name among others. */
export function actionKey({ serverName, controller, action }: UsageAction): string {
  return JSON.stringify([serverName, controller, action]);
}
