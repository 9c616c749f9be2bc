"""Every model of billing, imported so that the platform database's metadata is whole."""
