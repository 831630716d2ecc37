import { defineConfig } from 'vite';

// One page, served by the Python service at `/`; everything it loads lies under /map/ with hashed names.
export default defineConfig({
  base: '/map/',
  publicDir: false,
  build: {
    outDir: 'dist',
    target: 'es2022',
    assetsDir: 'assets',
    assetsInlineLimit: 0, // no data: URLs: the content policy stays short
    modulePreload: false,
    sourcemap: false,
    chunkSizeWarningLimit: 1100, // MapLibre alone is 1 MB before compression
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/ogc': 'http://127.0.0.1:8080', '/base': 'http://127.0.0.1:8080' } },
});
