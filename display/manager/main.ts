import { startFace } from '@client/face'
import { kept } from '@client/keep'
import App from './App.vue'

void startFace(App, undefined, kept<'zh' | 'en'>('wucha:lang') || 'zh')
