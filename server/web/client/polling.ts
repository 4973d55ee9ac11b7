/** Long polling, for a network that lets no websocket through: it joins the websocket in Socket.IO's table. */
import { transports } from 'engine.io-client'
import { XHR } from '../../../node_modules/engine.io-client/build/esm/transports/polling-xhr.js'

transports.polling = XHR
