"""The roof. `server.app.create_app` joins the floors; this file stays light so that importing a rule imports no Flask."""
