import type { ErrorSummary } from './accounting.js';
import { describeError, onOneLine } from './report-log.js';

/** Summarizes an error, whatever getters the error has. */
export function summarizeError(error: Error): ErrorSummary {
  try {
    const { name, message, code } = error as { name: unknown; message: unknown; code?: unknown };
    const hasCode = typeof code === 'string' || typeof code === 'number';
    return Object.freeze({
      name: onOneLine(String(name)),
      message: onOneLine(String(message)),
      code: hasCode ? onOneLine(String(code)) : null,
    });
  } catch {
    return Object.freeze({ name: 'Error', message: describeError(error), code: null });
  }
}
