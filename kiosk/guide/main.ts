import { startFace } from '@client/face'
import { kept } from '@client/keep'
import { setLang } from '@client/text'
import App from './App.vue'
import { loadServices } from './services'

void startFace(App, loadServices).then(() => setLang(kept<'zh' | 'en'>('wucha:lang') || 'zh'))
