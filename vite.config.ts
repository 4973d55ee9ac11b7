/**
 * Builds every face, each by itself: a machine shows one face, so what it loads is packed as one file with no more of Vue than that face
 * uses. A face is found by its folder: whoever adds kiosk/<face>/main.ts or display/<face>/main.ts has added one. The server reads
 * dist/.vite/<its folder>.json, where a face is named by its source path.
 */
import vue from '@vitejs/plugin-vue'
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { EnvironmentOptions } from 'vite'
import { defineConfig, type Plugin } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))
const OUT = 'server/web/dist'
/** Only these may carry a component kit and charts: they run on office PCs, the others on old kiosks. */
const HEAVY_FACES = ['display/manager', 'display/clerk']
const HEAVY = /^(element-plus|@element-plus\/[^/]+|echarts)(\/|$)/

/** By its folder's name, the files of each build. */
function builds(): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {}
  for (const room of ['kiosk', 'display', 'server/web']) {
    if (!existsSync(root + room)) continue
    for (const face of readdirSync(root + room)) {
      if (existsSync(`${root}${room}/${face}/main.ts`)) found[face] = { [face]: `${root}${room}/${face}/main.ts` }
    }
  }
  for (const page of ['ticket', 'book']) {
    found[page] = { [`${page}-enhance`]: `${root}kiosk/${page}/enhance.ts`, [page]: `${root}kiosk/${page}/${page}.css` }
  }
  return found
}
const faces = Object.entries(builds())

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

/** What fetches the styles of later parts is server/web/client/styles.ts. */
function ownStyles(): Plugin {
  return {
    name: 'wucha-own-styles',
    enforce: 'pre',
    load: (id) => (id.includes('vite/preload-helper') ? `export { __vitePreload } from ${JSON.stringify(root + 'server/web/client/styles.ts')}` : null),
  }
}

/** Beside every script and style sheet the same one packed, as server/web/pages.py sends it. */
function packed(): Plugin {
  return {
    name: 'wucha-packed',
    writeBundle({ dir }, bundle) {
      for (const file of Object.keys(bundle)) {
        if (/\.(js|css)$/.test(file)) writeFileSync(join(dir!, file + '.gz'), gzipSync(readFileSync(join(dir!, file)), { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  base: '/assets/',
  publicDir: false,
  plugins: [lightFaces(), ownStyles(), vue(), packed()],
  resolve: { alias: { '@client': `${root}server/web/client` } },
  // Vue's unused halves: every component is a <script setup>, nothing hydrates, no devtools in a hall.
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  build: {
    outDir: OUT,
    target: 'chrome64',
    cssTarget: 'chrome64',
    modulePreload: { polyfill: false },
    assetsDir: '.',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  environments: Object.fromEntries(
    faces.map(([name, input]): [string, EnvironmentOptions] => [
      name,
      { consumer: 'client', build: { emptyOutDir: false, manifest: `.vite/${name}.json`, rollupOptions: { input } } },
    ]),
  ),
  builder: {
    sharedConfigBuild: true,
    async buildApp(builder) {
      rmSync(root + OUT, { recursive: true, force: true }) // once for all: those that watch are built side by side
      for (const [name] of faces) await builder.build(builder.environments[name]!)
    },
  },
  test: {
    include: ['server/web/**/*.test.ts', 'kiosk/**/*.test.ts', 'display/**/*.test.ts'],
    environment: 'node',
  },
})
