import { startFace } from '@client/face'
import { kept } from '@client/keep'
import { setLang } from '@client/text'
import App from './App.vue'

void startFace(App).then(() => setLang(kept<'zh' | 'en'>('wucha:lang') || 'zh'))
