"""The demonstration: one consignment carried across, by eight parties over the public interfaces."""
