/** Asks again and again, up to twenty seconds, until the answer is yes. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  everyMs = 5,
): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited twenty seconds in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
