/**
 * Builds every face. A face is found by its folder: whoever adds kiosk/<face>/main.ts or display/<face>/main.ts
 * has added an entry. The server reads dist/.vite/manifest.json, where a face is named by its source path.
 */
import vue from '@vitejs/plugin-vue'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))
/** Only these may carry a component kit and charts: they run on office PCs, the others on old kiosks. */
const HEAVY_FACES = ['display/manager', 'display/clerk']
const HEAVY = /^(element-plus|@element-plus\/[^/]+|echarts)(\/|$)/

function entries(): Record<string, string> {
  const found: Record<string, string> = {}
  for (const room of ['kiosk', 'display']) {
    if (!existsSync(root + room)) continue
    for (const face of readdirSync(root + room)) {
      if (existsSync(`${root}${room}/${face}/main.ts`)) found[face] = `${root}${room}/${face}/main.ts`
    }
  }
  if (existsSync(`${root}server/web/bench/main.ts`)) found.bench = `${root}server/web/bench/main.ts`
  found['ticket-enhance'] = `${root}kiosk/ticket/enhance.ts`
  found['book-enhance'] = `${root}kiosk/book/enhance.ts`
  found.ticket = `${root}kiosk/ticket/ticket.css`
  found.book = `${root}kiosk/book/book.css`
  return found
}

/** Fails the build when a light face reaches for a heavy package. */
function lightFaces(): Plugin {
  return {
    name: 'wucha-light-faces',
    enforce: 'pre',
    resolveId(source, importer) {
      if (!importer || !HEAVY.test(source) || importer.includes('node_modules')) return null
      const from = importer.slice(root.length)
      if (HEAVY_FACES.some((face) => from.startsWith(face + '/'))) return null
      throw new Error(`${from} imports ${source}: only ${HEAVY_FACES.join(' and ')} may`)
    },
  }
}

/** Of Socket.IO's transports a face carries the websocket alone; server/web/client/polling.ts brings the other to whoever needs it. */
function websocketFirst(): Plugin {
  return {
    name: 'wucha-websocket-first',
    enforce: 'pre',
    transform(code, id) {
      if (/engine\.io-client\/build\/esm\/transports\/index\.js$/.test(id)) return 'import { WS } from "./websocket.js"\nexport const transports = { websocket: WS }\n'
      if (/(?:engine|socket)\.io-client\/build\/esm\/index\.js$/.test(id)) return code.replace(/^export .*(?:polling|webtransport|Fetch).*$/gm, '')
      return null
    },
  }
}

export default defineConfig({
  base: '/assets/',
  publicDir: false,
  plugins: [lightFaces(), websocketFirst(), vue()],
  resolve: { alias: { '@client': `${root}server/web/client` } },
  // Vue's unused halves: every component is a <script setup>, nothing hydrates, no devtools in a hall.
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  build: {
    outDir: 'server/web/dist',
    emptyOutDir: true,
    manifest: true,
    target: 'chrome64',
    cssTarget: 'chrome64',
    modulePreload: { polyfill: false },
    assetsDir: '.',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    rollupOptions: {
      input: entries(),
      output: {
        // What every live face carries is one file: it is packed better, and fetched once.
        codeSplitting: {
          groups: [
            // A stranger's phone posts as well, and shall not load what live faces carry.
            { name: 'post', test: /client\/(keep|post)\.ts/, priority: 2 },
            { name: 'live', test: /^(?!.*polling).*(?:node_modules\/(@?vue|@?socket\.io|engine\.io)|client\/(apply|clock|face|link|text)\.ts|StaleBanner)/ },
          ],
        },
      },
    },
  },
  test: {
    include: ['server/web/**/*.test.ts', 'kiosk/**/*.test.ts', 'display/**/*.test.ts'],
    environment: 'node',
  },
})
