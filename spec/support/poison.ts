/** A rule of the user's own, that keeps records with these ids out of a table: every SQL database but SQLite takes it. */
export function poisonConstraint(ids: readonly string[], table = 'koa_usage'): string {
  const list = ids.map((id) => `'${id}'`).join(', ');
  return `alter table ${table} add constraint poison check (id not in (${list}))`;
}
