import { forgetDeclared } from './declared.js';

/** The hooks of every file: the next one runs in the same process, whose trackers ask for the actions of all applications in it. */
export const mochaHooks = {
  afterAll(): void {
    forgetDeclared();
  },
};
