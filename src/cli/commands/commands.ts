import type { Command } from '../command.js';
import { doctorCommand } from './doctor.js';
import { eraseCommand } from './erase.js';
import { exportCommand } from './export.js';
import { pruneCommand } from './prune.js';
import { rebuildCommand } from './rebuild.js';

/** The commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  exportCommand,
  eraseCommand,
  rebuildCommand,
  pruneCommand,
  doctorCommand,
];
