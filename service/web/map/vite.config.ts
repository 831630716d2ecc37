import { defineConfig } from 'vite';

const SERVICES = 'calendar card events search session tiles';
const SERVICE = 'http://127.0.0.1:8080';

// One page, served by the Python service at `/`; everything it loads lies under /map/ with hashed names.
export default defineConfig({
  base: '/map/',
  publicDir: false,
  plugins: [
    {
      // The service writes into the page what it offers; `npm run dev` stands in for it.
      name: 'huodian-services',
      apply: 'serve',
      transformIndexHtml: (html) => html.replace('name="huodian-services" content=""', `name="huodian-services" content="${SERVICES}"`),
    },
  ],
  build: {
    outDir: 'dist',
    target: 'es2022',
    assetsInlineLimit: 0, // no data: URLs: the content policy stays short
    modulePreload: false,
    sourcemap: false,
    chunkSizeWarningLimit: 1100, // MapLibre alone is 1 MB before compression
    reportCompressedSize: false,
  },
  server: { proxy: Object.fromEntries(['/api', '/ogc', '/base', '/login', '/m'].map((path) => [`^${path}(?=[/?]|$)`, SERVICE])) },
});
