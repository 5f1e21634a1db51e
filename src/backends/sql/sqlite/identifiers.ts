/** Quotes an identifier as standard SQL does, and SQLite. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
