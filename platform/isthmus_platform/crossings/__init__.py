"""The platform's one door to the bridge; nothing else on the platform knows the protocol."""
