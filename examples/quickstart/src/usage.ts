import { TrackUsageError, type UsageRecord } from 'koa-track-usage';
import { UsageRepository } from 'koa-track-usage/sql';
import { BadRequestError, Get, JsonController, QueryParam } from 'routing-controllers';
import { Service } from 'typedi';

@Service()
@JsonController('/usage')
export class UsageController {
  constructor(private readonly usageRepo: UsageRepository) {}

  @Get('/')
  async recent(
    @QueryParam('limit') limit?: number,
    @QueryParam('page') page?: number,
    @QueryParam('startDate') startDate?: string,
    @QueryParam('endDate') endDate?: string,
  ): Promise<{ items: UsageRecord[] }> {
    try {
      return { items: await this.usageRepo.getUsage({ limit, page, startDate, endDate }) };
    } catch (error) {
      if (error instanceof TrackUsageError && error.code === 'INVALID_QUERY')
        throw new BadRequestError(error.message);
      throw error;
    }
  }
}
