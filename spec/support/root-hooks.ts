import { Container } from 'typedi';
import { StorageToken, UsageReaderToken } from '../../src/storage/tokens.js';
import { forgetDeclared } from './declared.js';
import { temporaryFilesInMemory } from './memory-folder.js';

temporaryFilesInMemory();

/**
 * The hooks of every file: the next one runs in the same process, whose trackers ask for the actions of all applications in it, and leave
 * in a container what is there.
 */
export const mochaHooks = {
  afterAll(): void {
    forgetDeclared();
    for (const token of [StorageToken, UsageReaderToken]) Container.remove(token);
  },
};
