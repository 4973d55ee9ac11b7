import { startFace } from '@client/face'
import { setLang } from '@client/text'
import App from './App.vue'

void startFace(App).then(() => {
  if (/[?&]lang=en\b/.test(location.search)) setLang('en')
})
