import type { EntityMetadata, MikroORM } from '@mikro-orm/core';

/** The entity that an ORM knows by a name; undefined if it knows none. */
export function findEntity(orm: Pick<MikroORM, 'em'>, name: string): EntityMetadata | undefined {
  const entities: Iterable<EntityMetadata> = orm.em.getMetadata().getAll().values();
  return [...entities].find(({ className }) => className === name);
}
