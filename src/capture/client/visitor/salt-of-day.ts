import { TrackUsageError } from '../../../errors.js';

const SALT = /^[\da-f]{64}$/;

/** After so many failures in a row, no draft waits for the salt any more; the claims go on. */
const PATIENT_FAILURES = 3;

/** The salt of one day, from its claim until it is wiped. */
export class SaltOfDay {
  /** Whether the salt has been wiped. */
  isWiped = false;
  /** Claims that failed. */
  failures = 0;
  readonly #waiting = Promise.withResolvers<Buffer | null>();
  #salt: Buffer | null = null;

  /** @returns null if no salt will come soon, a promise if one may; the promise never rejects */
  get(): Buffer | null | Promise<Buffer | null> {
    if (this.#salt !== null || this.isWiped) return this.#salt;
    return this.failures < PATIENT_FAILURES ? this.#waiting.promise : null;
  }

  /**
   * Takes the salt that a storage keeps.
   *
   * @throws {TrackUsageError} `STORAGE_CONTRACT` if the value is not 64 hexadecimal digits
   */
  set(salt: unknown): void {
    if (typeof salt !== 'string' || !SALT.test(salt)) {
      throw new TrackUsageError(
        'STORAGE_CONTRACT',
        'The storage answered something else than 64 hexadecimal digits, as it was given.',
      );
    }
    if (this.isWiped) return;
    this.#salt = Buffer.from(salt, 'hex');
    this.#waiting.resolve(this.#salt);
  }

  /** Forgets the salt, and overwrites its bytes. */
  wipe(): void {
    this.isWiped = true;
    this.#salt?.fill(0);
    this.#salt = null;
    this.#waiting.resolve(null);
  }
}
