/** Has the process forget what was declared, as later specs run in it: a tracker asks for the actions of all applications of its process. */
export function forgetDeclared(): void {
  const {
    [Symbol.for('koa-track-usage.actions')]: actions,
    [Symbol.for('koa-track-usage.metadata')]: metadata,
  } = globalThis as unknown as Record<symbol, { apps: unknown[]; routes: Map<string, unknown> } | undefined>;
  if (actions !== undefined) actions.apps = [];
  metadata?.routes.clear();
}
