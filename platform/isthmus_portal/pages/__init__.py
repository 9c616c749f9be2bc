"""The pages, a module for each errand; each adds its views to the portal."""
