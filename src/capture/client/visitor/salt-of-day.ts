import { TrackUsageError } from '../../../errors.js';

const SALT = /^[\da-f]{64}$/;

/** After so many failures in a row nobody waits for the salt any more; it is asked for all the same. */
const PATIENT_FAILURES = 3;

/** The salt of one day, from the moment when it is asked for until it is wiped. */
export class SaltOfDay {
  readonly #waiting = Promise.withResolvers<Buffer | null>();
  #salt: Buffer | null = null;
  #isWiped = false;
  #failures = 0;

  /** Whether nobody needs it any more. */
  get isOver(): boolean {
    return this.#isWiped;
  }

  /** Attempts at getting it that failed. */
  get failures(): number {
    return this.#failures;
  }

  /** @returns null if there will be none soon, a promise if there may be; it never rejects */
  get(): Buffer | null | Promise<Buffer | null> {
    if (this.#salt !== null || this.#isWiped) return this.#salt;
    return this.#failures < PATIENT_FAILURES ? this.#waiting.promise : null;
  }

  /**
   * Takes what a storage keeps.
   *
   * @throws {TrackUsageError} `STORAGE_CONTRACT` if that is not a salt
   */
  set(salt: unknown): void {
    if (typeof salt !== 'string' || !SALT.test(salt)) {
      throw new TrackUsageError(
        'STORAGE_CONTRACT',
        'The storage answered something else than 64 hexadecimal digits, as it was given.',
      );
    }
    if (this.#isWiped) return;
    this.#salt = Buffer.from(salt, 'hex');
    this.#waiting.resolve(this.#salt);
  }

  /** Learns that an attempt has failed. */
  missed(): void {
    this.#failures += 1;
  }

  /** Forgets it, and leaves nothing of its bytes behind. */
  wipe(): void {
    this.#isWiped = true;
    this.#salt?.fill(0);
    this.#salt = null;
    this.#waiting.resolve(null);
  }
}
