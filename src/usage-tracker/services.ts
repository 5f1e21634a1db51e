import type { Token } from 'typedi';
import { TrackUsageError } from '../errors.js';
import type { TrackerSettings, UsageContainer } from '../options/tracker-options.js';
import { UsageReaderToken, heldStorages } from '../storage/tokens.js';
import {
  type ServiceBinding,
  type UsageStorage,
  destinationOf,
  isStorage,
} from '../storage/usage-storage.js';

/** The storages that were given, or those in the container. */
export function findStorages(settings: TrackerSettings): readonly UsageStorage[] {
  if (settings.storage !== null) return settings.storage;
  const storages = heldStorages(settings.container);
  if (storages.length === 0) {
    throw new TrackUsageError(
      'NO_STORAGE',
      "There is no storage. Add two lines before the first request: import { StorageToken } from 'koa-track-usage' and " +
        'Container.set(StorageToken, storage). Or hand the storage to trackUsage({ storage }).',
    );
  }
  const wrong = storages.find((storage) => !isStorage(storage) || storage.isReadOnly);
  if (wrong === undefined) return storages as UsageStorage[];
  throw new TrackUsageError('NO_STORAGE', `StorageToken holds ${describeWrong(wrong)}`);
}

function describeWrong(storage: unknown): string {
  if (storage instanceof Promise)
    return 'a promise. Await it first: Container.set(StorageToken, await SqlStorage.connect({ … })).';
  if (isStorage(storage))
    return `the storage '${storage.name}', which is open for reading only. Open it without readOnly: true; to read with it, Container.set(UsageReaderToken, storage.reader).`;
  return `a value of type ${typeof storage} that is not a storage; expected an object with a name and a method store.`;
}

/** The services of storages for the application: each storage's reader, and its repository if it has one. */
export function servicesOf(storages: readonly UsageStorage[]): readonly ServiceBinding[] {
  return storages.flatMap((storage) => {
    const { reader, provides = [] } = destinationOf(storage);
    return reader === undefined ? provides : [{ id: UsageReaderToken, value: reader }, ...provides];
  });
}

/** The services that the open trackers offer to each container, in the order of their opening. */
const offered = new WeakMap<UsageContainer, ServiceBinding[]>();

/**
 * Puts services into the container, under tokens that neither the application nor another tracker has set.
 *
 * @returns a function that takes the services out again
 */
export function provideServices(services: readonly ServiceBinding[], container: UsageContainer): () => void {
  // Copies: two trackers may have one storage.
  const bindings = services.map(({ id, value }) => ({ id, value }));
  offered.set(container, [...(offered.get(container) ?? []), ...bindings]);
  for (const binding of bindings) {
    if (!container.has(binding.id as Token<unknown>)) provide(binding, container);
  }
  return () => {
    for (const binding of bindings) withdraw(binding, container);
  };
}

/**
 * Sets a factory rather than a value: TypeDI forgets values of classes at `reset()`, and does not hand them
 * on to child containers; it would make an instance of the class instead, which has no database.
 */
function provide({ id, value }: ServiceBinding, container: UsageContainer): void {
  container.set({ id: id as Token<unknown>, factory: () => value });
}

/** Takes out a service of a closed storage; the service of a tracker that is still open takes its place. */
function withdraw(binding: ServiceBinding, container: UsageContainer): void {
  const others = (offered.get(container) ?? []).filter((other) => other !== binding);
  offered.set(container, others);
  const token = binding.id as Token<unknown>;
  if (!container.getMany(token).includes(binding.value)) return;
  const next = others.find(({ id }) => id === binding.id);
  if (next === undefined) container.remove(token);
  else provide(next, container);
}
