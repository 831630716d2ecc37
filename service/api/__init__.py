"""The HTTP service: `service.api.app.create_app` assembles it, routers answer, nothing below them knows HTTP."""
