import { Get, JsonController, Param } from 'routing-controllers';
import { TrackedController, Untracked } from '../../../src/index.js';

@TrackedController()
@JsonController('/books')
export class BookController {
  @Get('/:isbn')
  one(@Param('isbn') isbn: string) {
    return { isbn };
  }

  @Untracked()
  @Get('/health/check')
  health() {
    return { ok: true };
  }
}
