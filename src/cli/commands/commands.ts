import type { Command } from '../command.js';
import { callersCommand } from './callers.js';
import { checkCommand } from './check.js';
import { deprecationsCommand } from './deprecations.js';
import { doctorCommand } from './doctor.js';
import { endpointsCommand } from './endpoints.js';
import { eraseCommand } from './erase.js';
import { errorsCommand } from './errors.js';
import { exportCommand } from './export.js';
import { goneCommand } from './gone.js';
import { inventoryCommand } from './inventory.js';
import { pruneCommand } from './prune.js';
import { rebuildCommand } from './rebuild.js';
import { recordsCommand } from './records.js';
import { statusCommand } from './status.js';
import { trafficCommand } from './traffic.js';
import { workCommand } from './work.js';

/** The commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  endpointsCommand,
  checkCommand,
  callersCommand,
  deprecationsCommand,
  trafficCommand,
  errorsCommand,
  goneCommand,
  statusCommand,
  inventoryCommand,
  recordsCommand,
  exportCommand,
  eraseCommand,
  rebuildCommand,
  pruneCommand,
  workCommand,
  doctorCommand,
];
