import { applyDecorators, Controller, UseFilters, UseGuards } from '@nestjs/common';
import { RefusalFilter } from '@horde/rest';
import { OperatorGuard } from './operator.guard.ts';

/** A controller of what the panel's pages ask for and change, for those who are logged in. @param path below `/admin/api/` */
export const AdminApi = (path = ''): ClassDecorator =>
  applyDecorators(Controller(`admin/api/${path}`), UseGuards(OperatorGuard), UseFilters(RefusalFilter));
