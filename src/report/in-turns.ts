import { TurnBudget } from '../time/turn-budget.js';

/** Makes something of each of many things, and leaves the event loop to others in between. */
export async function mappedInTurns<Thing, Made>(
  things: Iterable<Thing>,
  make: (thing: Thing) => Made,
): Promise<Made[]> {
  const budget = new TurnBudget(20);
  const made: Made[] = [];
  for (const thing of things) {
    made.push(make(thing));
    if (budget.isSpentAfterStep()) await budget.nextTurn();
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
