import type { UsageRecord } from '../../src/record/usage-record.js';
import type { Served } from './serve.js';

/** What a client got, and what was recorded of it. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** The records of this request alone. */
  readonly records: readonly UsageRecord[];
}

/** Makes one request and waits for its records. */
export async function ask(served: Served, path: string, init: RequestInit = {}): Promise<Answer> {
  const seen = new Set((await served.records()).map(({ id }) => id));
  const response = await fetch(served.origin + path, init);
  const text = await response.text();
  const records = (await served.records()).filter(({ id }) => !seen.has(id));
  return { status: response.status, text, headers: response.headers, records };
}

/** Makes one request and returns its only record, together with the status that the client got. */
export async function askRecord(
  served: Served,
  path: string,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly record: UsageRecord }> {
  const { status, records } = await ask(served, path, init);
  const [record] = records;
  if (record === undefined || records.length > 1) {
    throw new Error(`${init.method ?? 'GET'} ${path} (${status}) made ${records.length} records.`);
  }
  return { status, record };
}

/** Which of these requests were recorded, in the order given. */
export async function trackedOnes(served: Served, paths: readonly string[]): Promise<string[]> {
  const recorded: string[] = [];
  for (const path of paths) {
    const { status, records } = await ask(served, path);
    if (status === 404) throw new Error(`GET ${path} was not found.`);
    if (records.length > 0) recorded.push(path);
  }
  return recorded;
}
