import { startFace } from '@client/face'
import App from './App.vue'
import { loadOffer } from './offer'

void startFace(App, loadOffer)
