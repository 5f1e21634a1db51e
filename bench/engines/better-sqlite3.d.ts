declare module 'better-sqlite3' {
  interface Statement {
    run(parameters: readonly unknown[]): unknown;
    all(parameters: readonly unknown[]): unknown[];
  }

  export default class Database {
    constructor(file: string);
    prepare(sql: string): Statement;
    exec(sql: string): unknown;
    close(): void;
  }
}
