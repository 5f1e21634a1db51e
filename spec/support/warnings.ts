/** The texts of the process's warnings that come of an action. */
export async function warningsOf(action: () => Promise<void>): Promise<string[]> {
  const texts: string[] = [];
  const note = ({ message }: Error): void => void texts.push(message);
  process.on('warning', note);
  try {
    await action();
    // They are told of on the next tick.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('warning', note);
  }
  return texts;
}
