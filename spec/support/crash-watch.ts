/** Notes what would have ended a process that does not listen for it. */
export class CrashWatch {
  readonly crashes: unknown[] = [];
  readonly #note = (reason: unknown): void => void this.crashes.push(reason);

  start(): void {
    process.prependListener('unhandledRejection', this.#note);
    process.prependListener('uncaughtException', this.#note);
  }

  /** Lets what is on its way come up, and stops. */
  async stop(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', this.#note);
    process.off('uncaughtException', this.#note);
  }
}

/** A logger that keeps its lines. */
export class KeepingLogger {
  readonly lines: string[] = [];

  warn(message: string): void {
    this.lines.push(message);
  }

  error(message: string): void {
    this.lines.push(message);
  }
}
