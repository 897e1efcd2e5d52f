import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** GraphiQL's CSS carries two fonts as data: URLs, 360 kB that `font-src 'self'` refuses. We use the system's fonts. */
function withoutEmbeddedFonts(): Plugin {
  return {
    name: 'without-embedded-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!/graphiql.*\.css/.test(id)) return null;
      return { code: code.replace(/@font-face\s*\{[^}]*\}/g, ''), map: null };
    },
  };
}

export default defineConfig({
  plugins: [withoutEmbeddedFonts()],
  resolve: {
    alias: {
      // Dialogs and menus add a <style> element through this package; the console's CSP has no 'unsafe-inline'.
      'react-style-singleton': file('./src/style-singleton.ts'),
    },
    dedupe: ['graphql', 'react', 'react-dom'],
  },
  build: {
    target: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // CodeMirror and graphql-js are one chunk, loaded after the header is on screen.
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning) },
  },
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/auth', '/console'].map((path) => [path, process.env['FREEHOLD_URL'] ?? 'http://127.0.0.1:8080']),
    ),
  },
});
