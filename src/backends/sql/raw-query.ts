/** A statement as Kysely runs it: what `CompiledQuery.raw` makes; Kysely is MikroORM's dependency, not ours. */
export function rawQuery(sql: string, parameters: readonly unknown[]): never {
  const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] };
  return { sql, query, parameters, queryId: { queryId: 'koa-track-usage' } } as never;
}
