"""The roof. `server.app.create_app` joins the floors; this file stays light, a rule needs no Flask."""
