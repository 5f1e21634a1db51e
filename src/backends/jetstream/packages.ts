import { TrackUsageError } from '../../errors.js';
import { CONNECT } from './connect-options.js';

/** The parts that are used of the packages of NATS. */
export type Packages = Awaited<ReturnType<typeof importPackages>>;

/**
 * Imports the packages of NATS, which are optional.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if one of them is not installed
 */
export async function importPackages() {
  try {
    const [{ connect, headers, nanos }, { jetstreamManager }] = await Promise.all([
      import('@nats-io/transport-node'),
      import('@nats-io/jetstream'),
    ]);
    return { connect, headers, nanos, jetstreamManager };
  } catch (error) {
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `${CONNECT}: the packages '@nats-io/transport-node' and '@nats-io/jetstream' cannot be imported. Install them: npm ` +
        'install @nats-io/transport-node @nats-io/jetstream.',
      error,
    );
  }
}
