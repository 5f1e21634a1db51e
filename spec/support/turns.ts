/** Counts the turns of the event loop while something is going on. */
export async function countTurns(action: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await action();
  isDone = true;
  return turns;
}
