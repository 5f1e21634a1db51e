import type { View } from '../view.js';
import { callerView } from './caller.js';
import { callersView } from './callers.js';
import { deprecationsView } from './deprecations.js';
import { endpointView } from './endpoint.js';
import { endpointsView } from './endpoints.js';
import { errorsView } from './errors.js';
import { goneView } from './gone.js';
import { overviewView } from './overview.js';
import { recordsView } from './records.js';
import { statusView } from './status.js';
import { trafficView } from './traffic.js';

/** All pages, in the order of the navigation. */
export const VIEWS: readonly View[] = [
  overviewView,
  endpointsView,
  endpointView,
  callersView,
  callerView,
  deprecationsView,
  goneView,
  errorsView,
  trafficView,
  recordsView,
  statusView,
];
