import { Tracked } from 'koa-track-usage';
import { Get, JsonController } from 'routing-controllers';

@JsonController('/users')
export class UserController {
  @Tracked()
  @Get('/me')
  me(): object {
    return { name: 'you' };
  }

  @Get('/health')
  health(): string {
    return 'ok';
  }
}
