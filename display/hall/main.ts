import { startFace } from '@client/face'
import App from './App.vue'

void startFace(App)
