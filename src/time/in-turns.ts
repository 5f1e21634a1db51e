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
