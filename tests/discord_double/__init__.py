"""A local stand-in for Discord that a real bot connects to: gateway, HTTP API and CDN."""
