/** What a decorator says of an action or a controller. */
export type Decision = 'tracked' | 'untracked';

/** What happens to actions without a decorator. */
export type DefaultPolicy = 'include' | 'exclude';

/** The decisions of an action's decorators. */
export interface PolicySubject {
  /** The decision of the decorator on the method; null without one. */
  readonly methodDecision: Decision | null;
  /** The decision of the decorator on the class; null without one. */
  readonly controllerDecision: Decision | null;
}

/** The application's policy: what is tracked without a decision. */
export interface Policy {
  /** What happens to actions without a decorator. */
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
