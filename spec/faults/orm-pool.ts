import type { MikroORM } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sql';

/** Takes all connections of a pool by transactions, as an application does that is busy. */
export async function exhaustOrm(orm: MikroORM, connections: number): Promise<() => Promise<void>> {
  const managers = Array.from({ length: connections }, () => orm.em.fork() as unknown as SqlEntityManager);
  for (const em of managers) {
    await em.begin();
    await em.execute('select 1');
  }
  return async () => {
    for (const em of managers) await em.commit();
  };
}

/** The same database for another user. */
export function withUser(url: string, user: string, password: string): string {
  return url.replace(/\/\/[^@/]*@/, `//${user}:${password}@`);
}
