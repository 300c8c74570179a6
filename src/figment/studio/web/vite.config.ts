import { defineConfig } from 'vitest/config'

// The same sources give the same bytes: names of files hold hashes of what is in them.
export default defineConfig({
  base: '/',
  build: {
    outDir: '../static',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the content policy lets nothing but files in
    reportCompressedSize: true,
  },
  test: { environment: 'node', include: ['src/**/*.test.ts', 'src/**/*.test.tsx'] },
})
