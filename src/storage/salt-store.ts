/** Keeps the salt of each day for all processes that write to one storage, and forgets it in time. */
export interface SaltStore {
  /**
   * Keeps a salt for a day, unless the day has one already. Processes that propose salts at once are all
   * told one of these, and so is every caller after them.
   *
   * @param day - the day in UTC, as `YYYY-MM-DD`
   * @param proposal - 32 random bytes as 64 hexadecimal digits
   * @param signal - aborted when nobody waits for the answer any more
   * @returns the salt that is kept, which may stand in no log and no error
   * @throws {TrackUsageError} `STORAGE_SETUP` if a person has to change the database first; any other error means «later»
   */
  claim(day: string, proposal: string, signal: AbortSignal): Promise<string>;

  /**
   * Deletes the salts of all days before this one.
   *
   * @param day - the first day whose salt is kept, as `YYYY-MM-DD`
   * @returns how many were deleted
   */
  deleteBefore(day: string, signal: AbortSignal): Promise<number>;
}
