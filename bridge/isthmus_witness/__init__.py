"""The authority's witness: a small process that cosigns the bridge's log as long as it only grows."""
