import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,libs,tools}/**/*.spec.ts', 'tests/**/*.spec.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    setupFiles: ['tests/support/setup.ts'],
    globalSetup: ['tests/support/postgres.global.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
