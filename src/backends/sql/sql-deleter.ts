/** How old records get out of the table of one dialect. */
export interface SqlDeleter {
  /** As `UsageStorage.deleteBefore`. */
  delete(date: Date, limit: number, signal: AbortSignal): Promise<number>;
}
