import { startFace } from '@client/face'
import { kept } from '@client/keep'
import App from './App.vue'
import { loadServices } from './services'

void startFace(App, loadServices, kept<'zh' | 'en'>('wucha:lang') || 'zh')
