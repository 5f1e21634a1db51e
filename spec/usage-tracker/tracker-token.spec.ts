import 'reflect-metadata';
import { expect } from 'chai';
import { Get, JsonController, useContainer } from 'routing-controllers';
import { Container, type ContainerInstance, Inject, Service } from 'typedi';
import {
  StorageToken,
  TrackedController,
  TrackerToken,
  type UsageTracker,
  trackUsage,
} from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { serve } from '../support/serve.js';

@Service()
@TrackedController()
@JsonController('/health')
class HealthController {
  constructor(@Inject(TrackerToken) private readonly tracker: UsageTracker) {}

  @Get('/')
  health() {
    return { health: this.tracker.health(), stored: this.tracker.stats().stored };
  }
}

describe('TrackerToken', () => {
  let container: ContainerInstance;

  beforeEach(() => {
    // One of its own, as other specs leave trackers open.
    container = Container.of('TrackerToken');
  });

  afterEach(() => {
    container.reset({ strategy: 'resetServices' });
  });

  const open = (): UsageTracker => trackUsage({ storage: new MemoryStorage(), container }).tracker;

  it('is the same in a second copy of the package', async () => {
    const copy = new URL('../../src/usage-tracker/usage-tracker.js?second-copy', import.meta.url);
    const second = (await import(copy.href)) as { TrackerToken: typeof TrackerToken };
    expect(second.TrackerToken).to.equal(TrackerToken);
  });

  it('is another one than that of the storages, and has a name for error messages', () => {
    expect(TrackerToken).to.not.equal(StorageToken);
    expect(TrackerToken.name).to.equal('koa-track-usage TrackerToken');
  });

  it("injects the tracker into a controller's constructor", async () => {
    const tracker = { storage: new MemoryStorage(), container };
    const served = await serve({ controllers: [HealthController], tracker });
    useContainer(container);
    try {
      expect(await (await fetch(`${served.origin}/health`)).json()).to.deep.equal({
        health: 'ok',
        stored: 0,
      });
      await served.records();
      expect(await (await fetch(`${served.origin}/health`)).json()).to.deep.equal({
        health: 'ok',
        stored: 1,
      });
    } finally {
      useContainer(Container, { fallbackOnErrors: true });
      await served.close();
    }
  });

  it('offers the tracker also before there is a storage, and until it is closed', async () => {
    const { tracker } = trackUsage({ container });
    expect(container.get(TrackerToken)).to.equal(tracker);
    await tracker.close();
    expect(container.has(TrackerToken)).to.equal(false);
  });

  it('offers the tracker that was made first, and then the next', async () => {
    const [first, second] = [open(), open()];
    expect(container.get(TrackerToken)).to.equal(first);
    await first.close();
    expect(container.get(TrackerToken)).to.equal(second);
    await second.close();
    expect(container.has(TrackerToken)).to.equal(false);
  });

  it('still offers it when the container has been reset', async () => {
    const tracker = open();
    container.get(TrackerToken);
    container.reset();
    expect(container.get(TrackerToken)).to.equal(tracker);
    await tracker.close();
  });

  it('offers the tracker of the global container to its children', async () => {
    const { tracker } = trackUsage({ storage: new MemoryStorage() });
    expect(container.get(TrackerToken)).to.equal(Container.get(TrackerToken));
    await tracker.close();
  });

  it("leaves the application's own tracker under its token alone", async () => {
    const own = { health: () => 'ok' } as unknown as UsageTracker;
    container.set(TrackerToken, own);
    const tracker = open();
    expect(container.get(TrackerToken)).to.equal(own);
    await tracker.close();
    expect(container.get(TrackerToken)).to.equal(own);
  });
});
