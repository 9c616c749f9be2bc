"""The demonstration: one consignment carried across, by seven parties over the public interfaces."""
