import { Controller, Get, Header } from '@nestjs/common';
import { openApiDocument } from './document.ts';
import { apiPage } from './page.ts';

/** What the API is: for programs, and as a page. */
@Controller('api')
export class OpenApiController {
  private readonly document = openApiDocument();
  private readonly text = apiPage();

  @Get('openapi.json')
  openApi(): object {
    return this.document;
  }

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
  @Header('x-content-type-options', 'nosniff')
  page(): string {
    return this.text;
  }
}
