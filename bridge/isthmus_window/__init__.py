"""The reference single window: it stands in for the government's system."""
