import Mocha, { type MochaOptions, type Runner } from 'mocha';
import { KOA_2, MONGODB_ITSELF, mayBePending } from './pending.js';

const { EVENT_RUN_END, EVENT_TEST_PENDING } = Mocha.Runner.constants;

/**
 * Dots, then one closing line with the counts, alone and easy to read for a machine. A spec that is pending and may not
 * be counts as failed.
 */
export default class CountingReporter extends Mocha.reporters.Dot {
  readonly #unexpected: string[] = [];

  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    runner.on(EVENT_TEST_PENDING, (test) => {
      const title = test.fullTitle();
      if (!mayBePending(title)) this.#unexpected.push(title);
    });
    runner.once(EVENT_RUN_END, () => this.#tellCounts());
  }

  /** Called by mocha at the end: what it answers is the exit code. */
  override done(failures: number, end: (failures: number) => void): void {
    end(failures + this.#unexpected.length);
  }

  #tellCounts(): void {
    const unexpected = this.#unexpected.length;
    for (const title of this.#unexpected) process.stdout.write(`Pending: ${title}\n`);
    if (unexpected > 0) {
      process.stdout.write(
        `With REQUIRE_SERVERS=1 only specs may be pending whose titles name ${MONGODB_ITSELF} or ${KOA_2}.\n`,
      );
    }
    const { passes, failures, pending } = this.stats;
    const skipped = pending === unexpected ? '' : `, ${pending - unexpected} skipped`;
    process.stdout.write(`${passes} passed, ${failures + unexpected} failed${skipped}\n`);
  }
}
