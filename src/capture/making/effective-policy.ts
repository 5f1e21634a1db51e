import {
  type DataPolicy,
  type IpPolicy,
  NO_DATA_POLICY,
  type ResolvedDataPolicy,
  resolveDataPolicy,
} from '../../metadata/data-policy.js';
import type { PossibleRoute } from '../exchange/matched-route.js';
import { REDACTED, isRedacted } from '../request/redaction.js';
import { type Candidates, parameterNames } from '../unanswered/unanswered.js';

/** What is recorded of a request. */
export interface EffectivePolicy extends ResolvedDataPolicy {
  /** Replaces a path that may hold redacted values; null if the path holds none. */
  readonly standIn: string | null;
}

/** The part of the settings that decorators may override. */
export type PolicySettings = Omit<ResolvedDataPolicy, 'data'>;

const STRICTEST_FIRST: readonly IpPolicy[] = ['none', 'truncate', 'full'];

/** Resolves the data policies of decorators against the application's options, once for each action. */
export class EffectivePolicies {
  readonly #settings: PolicySettings;
  readonly #resolved = new WeakMap<DataPolicy, EffectivePolicy>();

  constructor(settings: PolicySettings) {
    this.#settings = settings;
  }

  /**
   * The policy of an action.
   *
   * @param said - the data policy of the action's decorators
   */
  of(said: DataPolicy): EffectivePolicy {
    let policy = this.#resolved.get(said);
    if (policy === undefined) {
      policy = { ...resolveDataPolicy(said, this.#settings), standIn: null };
      this.#resolved.set(said, policy);
    }
    return policy;
  }

  /** The policy of an endpoint that is gone: it may have been stricter than the application is, so the least is kept of it. */
  ofGone(template: string): EffectivePolicy {
    return { ...this.of(NO_DATA_POLICY), ip: 'none', query: [], data: false, standIn: template };
  }

  /**
   * The strictest policy of all actions and routes that a request may have been for.
   *
   * @param said - the data policy of the action that answered; null if none is known to have answered
   * @param candidates - the actions that the request may have been for
   * @param plain - the routes without a class that it may have been for, beside the one that answered
   */
  ofUncertain(
    said: DataPolicy | null,
    { likely, possible, elsewhere }: Candidates,
    plain: readonly PossibleRoute[],
  ): EffectivePolicy {
    const base = this.of(said ?? NO_DATA_POLICY);
    const actions = [...likely, ...possible, ...elsewhere].map(({ item }) => item.attribution);
    if (actions.length === 0 && plain.length === 0) return base;
    const policies = [base, ...actions.map(({ data }) => this.of(data))];
    const routes = actions.map(({ route, data }) => ({
      template: route ?? '',
      shared: [],
      rules: this.of(data).params,
    }));
    // The router lists the routes of actions as well.
    const listed = new Set(routes.flatMap(({ template }) => [template, `${template}/`]));
    const others = plain.filter(({ template }) => !listed.has(template));
    const redacted = [
      ...routes,
      ...others.map(({ template, shared }) => ({ template, shared, rules: base.params })),
    ].filter(({ template, shared, rules }) =>
      parameterNames(template).some((name) => !shared.includes(name) && isRedacted(name, rules)),
    );
    const templates = new Set(redacted.map((each) => each.template));
    const [template = null] = templates;
    return {
      ...base,
      ip: STRICTEST_FIRST.find((ip) => policies.some((policy) => policy.ip === ip)) ?? 'none',
      query: base.query.filter((name) => policies.every(({ query }) => query.includes(name))),
      data: policies.every(({ data }) => data),
      standIn: templates.size > 1 ? REDACTED : template,
    };
  }
}
