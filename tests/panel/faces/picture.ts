import type { Page } from 'playwright-core';

/** All of a page as WebP, from its head on. Chromium writes it: Playwright itself knows larger forms alone. */
export async function takePicture(page: Page): Promise<Buffer> {
  await page.evaluate('scrollTo(0, 0)');
  const session = await page.context().newCDPSession(page);
  const { cssContentSize } = await session.send('Page.getLayoutMetrics');
  const { data } = await session.send('Page.captureScreenshot', {
    format: 'webp',
    quality: 35,
    captureBeyondViewport: true,
    clip: { x: 0, y: 0, width: 1280, height: Math.min(cssContentSize.height, 1_300), scale: 1 },
  });
  await session.detach();
  return Buffer.from(data, 'base64');
}
