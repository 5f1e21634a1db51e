/** What a decorator says of an action or a controller. */
export type Decision = 'tracked' | 'untracked';

/** What happens to actions that nobody decorated. */
export type DefaultPolicy = 'include' | 'exclude';

/** What is known of a request when it is decided whether it is tracked. */
export interface PolicySubject {
  /** What the decorator on the method says; null without one. */
  readonly methodDecision: Decision | null;
  /** What the decorator on the class says; null without one. */
  readonly controllerDecision: Decision | null;
}

/** The application's side of the decision. */
export interface Policy {
  /** What happens to actions that nobody decorated. */
  readonly defaultPolicy: DefaultPolicy;
  /** Whether requests that no action answers are tracked, where the default policy is `'include'`. */
  readonly trackUnmatched: boolean;
}

/**
 * Decides whether a request is tracked: the decorator on the method, else that on the class, else the default
 * policy.
 *
 * @param subject - the action that ran; null if none did (404, 405, static files)
 */
export function isTracked(subject: PolicySubject | null, policy: Policy): boolean {
  const decision = subject?.methodDecision ?? subject?.controllerDecision;
  if (decision != null) return decision === 'tracked';
  return policy.defaultPolicy === 'include' && (subject !== null || policy.trackUnmatched);
}
