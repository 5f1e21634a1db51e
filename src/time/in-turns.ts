import { TurnBudget } from './turn-budget.js';

/** Steps from one look at the clock to the next: some take a millisecond. */
const LOOK_STEPS = 5;

/**
 * Makes something of each of many things, and leaves the event loop to others in between.
 *
 * @throws the signal's reason if it is aborted meanwhile
 */
export async function mappedInTurns<Thing, Made>(
  things: Iterable<Thing>,
  make: (thing: Thing) => Made,
  signal?: AbortSignal,
): Promise<Made[]> {
  const budget = new TurnBudget(LOOK_STEPS);
  const made: Made[] = [];
  for (const thing of things) {
    made.push(make(thing));
    if (budget.isSpentAfterStep()) await budget.nextTurn(signal);
  }
  return made;
}

/** Joins many texts to pieces of a fraction of a millisecond's work each, and leaves the event loop to others in between. */
export async function* piecesInTurns(texts: Iterable<string>): AsyncGenerator<string, void, undefined> {
  const budget = new TurnBudget(LOOK_STEPS);
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (!budget.isSpentAfterStep()) continue;
    yield piece;
    piece = '';
    await budget.nextTurn();
  }
  yield piece;
}

/** Many things by their names, without those that have none; leaves the event loop to others in between. */
export async function groupedInTurns<Thing, Name extends string>(
  things: Iterable<Thing>,
  nameOf: (thing: Thing) => Name | null,
): Promise<Map<Name, Thing[]>> {
  const groups = new Map<Name, Thing[]>();
  await mappedInTurns(things, (thing) => {
    const name = nameOf(thing);
    if (name === null) return;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [thing]);
    else group.push(thing);
  });
  return groups;
}

/** Things that are sorted at once: a fraction of a millisecond. */
const RUN = 500;

/** Sorts many things, equal ones in the order that they have, and leaves the event loop to others in between (a merge sort). */
export async function sortedInTurns<Thing>(
  things: readonly Thing[],
  compare: (one: Thing, other: Thing) => number,
): Promise<readonly Thing[]> {
  const starts = Array.from({ length: Math.ceil(things.length / RUN) }, (_, index) => index * RUN);
  let runs = await mappedInTurns(starts, (start) => things.slice(start, start + RUN).toSorted(compare));
  while (runs.length > 1) {
    const merged: Thing[][] = [];
    for (let index = 0; index < runs.length; index += 2)
      merged.push(await mergedInTurns(runs[index] ?? [], runs[index + 1] ?? [], compare));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function mergedInTurns<Thing>(
  one: readonly Thing[],
  other: readonly Thing[],
  compare: (one: Thing, other: Thing) => number,
): Promise<Thing[]> {
  const budget = new TurnBudget(RUN);
  const merged: Thing[] = [];
  let [left, right] = [0, 0];
  while (left < one.length && right < other.length) {
    const isLeft = compare(one[left] as Thing, other[right] as Thing) <= 0;
    merged.push((isLeft ? one[left++] : other[right++]) as Thing);
    if (budget.isSpentAfterStep()) await budget.nextTurn();
  }
  return merged.concat(one.slice(left), other.slice(right));
}
