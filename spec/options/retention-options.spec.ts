import { expect } from 'chai';
import { type RetentionOptions, resolveRetention } from '../../src/options/retention-options.js';
import { NO_INTEGERS } from '../support/no-integers.js';
import { refusalOf } from '../support/refusal.js';

describe('The option retention', () => {
  const refuse = (options: unknown): string =>
    refusalOf(() => resolveRetention('trackUsage', options as RetentionOptions)).message;

  it('keeps records until somebody deletes them, unless it is given', () => {
    expect(resolveRetention('trackUsage', undefined)).to.equal(null);
  });

  it('takes days from 1 to 3650', () => {
    for (const days of [1, 395, 3650])
      expect(resolveRetention('trackUsage', { days })).to.deep.equal({ days });
  });

  it('needs days, as what is deleted has to be stated', () => {
    const wrong = [...NO_INTEGERS, [undefined, 'undefined'], [3651, '3651']] as const;
    for (const [days, shown] of wrong) {
      expect(refuse({ days })).to.equal(
        `trackUsage: the option 'retention.days' is ${shown}; expected an integer from 1 to 3650.`,
      );
    }
    expect(refuse({})).to.include("'retention.days' is undefined");
  });

  it('refuses what is no object, and unknown names', () => {
    for (const [value, shown] of [
      [null, 'null'],
      [395, '395'],
      [false, 'false'],
    ])
      expect(refuse(value)).to.equal(
        `trackUsage: the option 'retention' is ${String(shown)}; expected an object such as { days }.`,
      );
    expect(refuse({ hours: 5 }))
      .to.include("there is no option 'retention.hours'")
      .and.include("'retention.days'");
  });
});
