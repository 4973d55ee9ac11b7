/**
 * The styles of a part that comes later, before the part itself. vite.config.ts puts it in the place of Vite's own, which is four times as
 * long and takes a style sheet that once failed for one that is there: behind a cut network a dialog would come up bare.
 */
const coming: Record<string, Promise<unknown>> = {}

function style(file: string): Promise<unknown> | undefined {
  const href = import.meta.env.BASE_URL + file
  if (!/\.css$/.test(file) || (!coming[file] && document.querySelector(`link[href="${href}"]`))) return undefined
  return (coming[file] = coming[file] || new Promise((there, away) => {
    const link = document.createElement('link')
    link.rel = 'stylesheet'
    link.href = href
    link.onload = there
    link.onerror = () => {
      link.remove()
      delete coming[file]
      away(new Error(href))
    }
    document.head.appendChild(link)
  }))
}
/** What Vite wraps around every import that comes later. */
export const __vitePreload = <T>(load: () => Promise<T>, files: string[] = []): Promise<T> => Promise.all(files.map(style)).then(load)
