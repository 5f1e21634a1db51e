/** The database that the benchmark made for this process. */
export function databaseUrl(): string {
  const url = process.env['BENCH_DATABASE_URL'];
  if (url === undefined) throw new Error('BENCH_DATABASE_URL is not set: this variant belongs to P3 or P7.');
  return url;
}
