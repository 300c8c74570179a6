import { defineConfig } from 'vite'

// One script and one style, which `figment export --page` puts into a page. The runtime isn't in it: it comes at export.
export default defineConfig({
  build: {
    outDir: '../../sharing/visitor',
    emptyOutDir: true,
    target: 'es2022',
    lib: { entry: 'src/visitor/main.tsx', formats: ['es'], fileName: () => 'page.js', cssFileName: 'page' },
    reportCompressedSize: true,
  },
})
